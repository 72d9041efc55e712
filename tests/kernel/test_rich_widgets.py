"""ipywidgets: one widget where all ranks make it, and callbacks on all of them."""

import json

import pytest
from test_comms import say

SETUP = """
import ipywidgets as w
from IPython.display import display
try:
    from mpi4py import MPI
    world = MPI.COMM_WORLD
    rank, total = world.rank, world.allreduce
except ImportError:
    rank, total = 0, lambda value: value
"""


@pytest.fixture(params=["none-1", "mpi-4"])
def kernel(request, kernels):
    kernel = kernels(request.param)
    assert kernel.run(SETUP).content["status"] == "ok"
    return kernel


def opened(done, model):
    """The ids of the comms that were opened for a model."""
    return [m["content"]["comm_id"] for m in done.messages if m["msg_type"] == "comm_open"
            and m["content"]["data"]["state"]["_model_name"] == model]


def views(done):
    key = "application/vnd.jupyter.widget-view+json"
    return [data["data"][key]["model_id"] for data in done.of("display_data")
            if key in data["data"]]


def set_value(kernel, comm_id, **state):
    return say(kernel, "comm_msg", comm_id=comm_id,
               data={"method": "update", "state": state, "buffer_paths": []})


def text(messages):
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")


def test_a_slider_calls_back_on_all_ranks(kernel):
    done = kernel.run(
        "slider = w.IntSlider(value=3, max=50)\n"
        "slider.observe(lambda change: print('sum', total(change.new)), 'value')\n"
        "display(slider)")
    slider, = opened(done, "IntSliderModel")
    assert views(done) == [slider]
    messages = set_value(kernel, slider, value=7)
    assert text(messages) == f"sum {7 * kernel.ranks}\n"
    echo, = [m for m in messages if m["msg_type"] == "comm_msg"]
    assert echo["content"]["data"]["state"] == {"value": 7}
    assert kernel.run("slider.value").result == "7"


def test_a_value_that_ranks_set_is_sent_once(kernel):
    done = kernel.run("label = w.Label('a')\ndisplay(label)")
    label, = opened(done, "LabelModel")
    done = kernel.run("label.value = 'b'")
    states = [m["content"]["data"]["state"] for m in done.messages
              if m["msg_type"] == "comm_msg"]
    assert states == [{"value": "b"}]


def test_where_ranks_differ_the_lowest_one_is_shown(kernel):
    done = kernel.run("label = w.Label('a')\ndisplay(label)")
    done = kernel.run("label.value = str(rank)")
    states = [m["content"]["data"]["state"]["value"] for m in done.messages
              if m["msg_type"] == "comm_msg"]
    assert states[-1] == "0"
    done = kernel.run("if rank == max(0, total(1) - 2):\n    label.value = 'mine'")
    states = [m["content"]["data"]["state"]["value"] for m in done.messages
              if m["msg_type"] == "comm_msg"]
    assert states == ["mine"]


def test_widgets_that_differ_are_apart(kernel):
    done = kernel.run("own = w.IntSlider(max=100 + rank)\n"
                      "got = []\nown.observe(lambda change: got.append(change.new), 'value')\n"
                      "display(own)")
    sliders = opened(done, "IntSliderModel")
    assert len(set(sliders)) == kernel.ranks and sorted(views(done)) == sorted(sliders)
    set_value(kernel, sliders[-1], value=9)
    done = kernel.run("print('got' if got else 'not')")
    assert done.text().count("got") == 1


def test_widgets_of_one_line_are_told_apart_by_their_turn(kernel):
    done = kernel.run("if rank == 0:\n    extra = w.Button()\n"
                      "boxes = [w.Checkbox() for _ in range(3)]\ndisplay(w.HBox(boxes))")
    assert len(set(opened(done, "CheckboxModel"))) == 3
    assert len(opened(done, "CheckboxModel")) == 3 and len(views(done)) == 1


def test_a_late_view_is_no_second_one(kernels):
    four = kernels("mpi-4")
    four.run(SETUP)
    done = four.run("box = w.Checkbox()\n"
                    "if rank == 0:\n    display(box)\n    print('shown', flush=True)\n"
                    "world.Barrier()\nif rank:\n    display(box)\ndisplay(box)")
    assert len(views(done)) == 2


def test_interact(kernel):
    done = kernel.run("@w.interact(x=(0, 10), name=['a', 'b'])\n"
                      "def show(x=2, name='a'):\n    print(name, 'sum', total(x))\n"
                      "    return x")
    slider, = opened(done, "IntSliderModel")
    output, = opened(done, "OutputModel")
    assert len(views(done)) == 1
    messages = set_value(kernel, slider, value=4)
    assert text(messages) == f"a sum {4 * kernel.ranks}\n"
    # the output is inside the time in which the Output widget takes it
    kinds = []
    for message in messages:
        state = message["content"].get("data", {}).get("state", {})
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == output:
            kinds.append("on" if state["msg_id"] else "off")
        elif message["msg_type"] in ("stream", "display_data", "clear_output"):
            kinds.append(message["msg_type"])
    assert kinds[0] == "on" and kinds[-1] == "off" and "off" in kinds
    assert kinds.count("stream") == 1 and kinds.count("display_data") == 1
    on = [m["content"]["data"]["state"]["msg_id"] for m in messages
          if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == output]
    assert on[0] == messages[0]["parent_header"]["msg_id"]


def test_an_output_widget_takes_what_ranks_print(kernel):
    done = kernel.run("out = w.Output()\ndisplay(out)\n"
                      "with out:\n    print('in', rank)\nprint('after')")
    order = [m["content"]["text"] if m["msg_type"] == "stream"
             else bool(m["content"]["data"]["state"]["msg_id"])
             for m in done.messages if m["msg_type"] in ("stream", "comm_msg")]
    inside = "".join(f"[{rank}] in {rank}\n" for rank in range(kernel.ranks))
    assert order == [True, inside if kernel.ranks > 1 else "in 0\n", False, "after\n"]


def test_an_error_in_a_callback_is_shown_and_frees_the_others(kernel):
    done = kernel.run("def fail(button):\n    if rank == 0:\n        raise ValueError('oh')\n"
                      "    total(1)\nbutton = w.Button()\nbutton.on_click(fail)")
    button, = opened(done, "ButtonModel")
    messages = say(kernel, "comm_msg", comm_id=button,
                   data={"method": "custom", "content": {"event": "click"}})
    shown = text(messages)
    assert "ValueError" in shown and "oh" in shown
    if kernel.ranks > 1:
        assert "PeerError" in shown
    assert kernel.run("total(1)").result == str(kernel.ranks)


def test_stop_ends_a_callback(kernel):
    done = kernel.run("import threading\ndef wait(change):\n    print('waits', flush=True)\n"
                      "    threading.Event().wait(60)\n"
                      "box = w.Checkbox()\nbox.observe(wait, 'value')")
    box, = opened(done, "CheckboxModel")
    sent = kernel.client.session.msg("comm_msg", {"comm_id": box, "data": {
        "method": "update", "state": {"value": True}, "buffer_paths": []}})
    kernel.client.shell_channel.send(sent)
    kernel.wait_output(sent["header"]["msg_id"], "waits")
    kernel.interrupt()
    assert kernel.run("box.value").result == "True"


def test_a_callback_waits_for_the_cells_before_it(kernel):
    done = kernel.run("order = []\nbox = w.Checkbox()\n"
                      "box.observe(lambda change: order.append('callback'), 'value')")
    box, = opened(done, "CheckboxModel")
    session = kernel.client.session
    cells = [kernel.send("order.append('one')"), kernel.send("order.append('two')")]
    kernel.client.shell_channel.send(session.msg("comm_msg", {"comm_id": box, "data": {
        "method": "update", "state": {"value": True}, "buffer_paths": []}}))
    last = kernel.send("order")
    for cell in cells:
        kernel.collect(cell)
    assert kernel.collect(last).result == "['one', 'two', 'callback']"


def test_binary_state(kernel):
    done = kernel.run("image = w.Image(value=bytes(range(256)))")
    image, = [m for m in done.messages if m["msg_type"] == "comm_open"
              and m["content"]["data"]["state"]["_model_name"] == "ImageModel"]
    assert bytes(image["buffers"][0]) == bytes(range(256))
    say(kernel, "comm_msg", [b"\0\xff"], comm_id=image["content"]["comm_id"],
        data={"method": "update", "state": {}, "buffer_paths": [["value"]]})
    assert kernel.run("image.value == b'\\0\\xff', type(image.value).__name__").result == (
        "(True, 'memoryview')")


def test_a_page_that_is_loaded_again_gets_the_state(kernel):
    kernel.run("label = w.Label('kept state')")
    messages = say(kernel, "comm_open", comm_id=f"control-{kernel.ranks}",
                   target_name="jupyter.widget.control", data={},
                   metadata={"version": "1.0.0"})
    messages = say(kernel, "comm_msg", comm_id=f"control-{kernel.ranks}",
                   data={"method": "request_states"})
    assert "kept state" in json.dumps([m["content"] for m in messages])
