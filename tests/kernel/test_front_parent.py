"""What ranks know of the request that they run."""


def test_every_rank_knows_the_request(kernel):
    code = "get_ipython().kernel.get_parent()['header']"
    msg_id = kernel.send(f"{code}['msg_id'], {code}['msg_type']")
    assert kernel.collect(msg_id).result == f"('{msg_id}', 'execute_request')"


def test_a_widget_takes_the_output_of_its_cell(kernels):
    kernel = kernels("none-1")
    msg_id = kernel.send("import ipywidgets\nout = ipywidgets.Output()\n"
                         "with out: held = out.msg_id\nheld")
    assert kernel.collect(msg_id).result == f"'{msg_id}'"


def test_a_header_that_is_no_unicode_is_mended(kernels):
    kernel = kernels("none-1")
    user, name = kernel.client.session, kernel.client.session.username
    user.username = "\udcff"  # the byte 0xff
    try:
        done = kernel.run("get_ipython().kernel.get_parent()['header']['username']")
        assert done.result == "'\N{REPLACEMENT CHARACTER}'"
    finally:
        user.username = name
