"""execute_request: streams, results, errors, counts, options."""

import re

import pytest
from harness import expand


def test_stdout_is_one_stream(kernel):
    done = kernel.run("print('hello, world')")
    assert [m["msg_type"] for m in done.messages] == [
        "status", "execute_input", "stream", "status"]
    assert done.text() == "hello, world\n"
    assert done.content["status"] == "ok" and done.content["payload"] == []


def test_stderr(kernel):
    assert kernel.run("import sys; print('test', file=sys.stderr)").text("stderr") == (
        "test\n")


def test_result_and_count(kernel):
    done = kernel.run("6 * 7")
    assert done.result == "42"
    count = done.content["execution_count"]
    assert done.of("execute_result")[0]["execution_count"] == count
    assert done.messages[1]["content"] == {"code": "6 * 7", "execution_count": count}
    assert kernel.run(f"Out[{count}]").result == "42"
    assert kernel.run("1").content["execution_count"] == count + 2


def test_error_that_all_ranks_share_is_one_error(kernel):
    done = kernel.run("x = 1\n1 / 0")
    assert done.content["status"] == "error"
    assert done.content["ename"] == "ZeroDivisionError"
    assert len(done.outputs) == 1
    assert done.error["ename"] == "ZeroDivisionError"
    assert done.error["traceback"] == done.content["traceback"]


def test_traceback_has_the_line_of_the_cell(kernel):
    done = kernel.run("def f():\n    return 1 / 0\n\nf()")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))
    assert "line 4" in text and "line 2" in text and "Cell In[" in text, text


def test_syntax_error(kernel):
    done = kernel.run("a = = 1")
    assert done.content["ename"] == "SyntaxError" and len(done.outputs) == 1


def test_empty_cell(kernel):
    done = kernel.run("")
    assert done.content["status"] == "ok" and not done.outputs


def test_silent(kernel):
    before = kernel.run("1").content["execution_count"]
    done = kernel.run("print('x'); 5", silent=True, user_expressions={"n": "2 + 3"})
    assert [m["msg_type"] for m in done.messages] == ["status", "status"]
    assert done.content["user_expressions"]["n"]["data"]["text/plain"] == "5"
    assert kernel.run("1").content["execution_count"] == before + 1


def test_store_history_false_keeps_the_count(kernel):
    before = kernel.run("1").content["execution_count"]
    done = kernel.run("7", store_history=False)
    assert done.result == "7"
    assert kernel.run("1").content["execution_count"] == before + 1


def test_user_expressions(kernel):
    done = kernel.run("y = 3", user_expressions={"good": "y * 2", "bad": "1 / 0"})
    values = done.content["user_expressions"]
    assert values["good"]["data"]["text/plain"] == "6"
    assert values["bad"]["status"] == "error"
    assert values["bad"]["ename"] == "ZeroDivisionError"
    assert done.content["status"] == "ok"


def test_an_error_aborts_the_queue(kernel, tmp_path):
    gate = tmp_path / "gate"
    wait = f"import os\nwhile not os.path.exists({str(gate)!r}): pass\n"
    ids = [kernel.send(code)
           for code in (wait + "1 / 0", "print('never')", "print('nor')")]
    kernel.request("kernel_info_request", {})  # answered at once, and after them
    gate.touch()
    first, *rest = [kernel.collect(msg_id) for msg_id in ids]
    assert first.content["status"] == "error"
    for done in rest:
        assert done.content["status"] == "aborted"
        assert "execution_count" in done.content
        assert done.states == ["busy", "idle"] and not done.outputs
    assert kernel.run("print('again')").text() == "again\n"


def test_stop_on_error_false_goes_on(kernel):
    ids = [kernel.send("1 / 0", stop_on_error=False), kernel.send("print('still')")]
    first, second = [kernel.collect(msg_id) for msg_id in ids]
    assert first.content["status"] == "error"
    assert second.text() == "still\n"


def test_display_data(kernel):
    done = kernel.run("from IPython.display import HTML, display\ndisplay(HTML('<b>b</b>'))")
    (shown,) = done.of("display_data")
    assert shown["data"]["text/html"] == "<b>b</b>" and "text/plain" in shown["data"]


def test_update_display(kernel):
    done = kernel.run("from IPython.display import display\n"
                      "h = display('one', display_id='d1')\nh.update('two')")
    shown, updated = done.of("display_data")[0], done.of("update_display_data")[0]
    assert shown["transient"]["display_id"] == updated["transient"]["display_id"] == "d1"
    assert updated["data"]["text/plain"] == "'two'"


def test_clear_output(kernel):
    done = kernel.run("from IPython.display import clear_output\nclear_output()")
    assert done.of("clear_output") == [{"wait": False}]


def test_inline_figure(kernel):
    done = kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    (figure,) = done.of("display_data")
    assert figure["data"]["image/png"].startswith("iVBOR")
    assert kernel.run("plt.plot([2, 1]); plt.show()").of("display_data")


def test_output_of_c_code_is_caught(kernel):
    done = kernel.run("import ctypes\nlibc = ctypes.CDLL(None)\n"
                      "libc.printf(b'from C\\n'); None")
    assert done.text() == "from C\n"
    done = kernel.run("import os; os.write(2, b'to fd 2\\n'); None")
    assert done.text("stderr") == "to fd 2\n"


def test_magics_and_shell_escape(kernel):
    assert kernel.run("%%capture c\nprint('kept')").outputs == []
    assert "kept" in kernel.run("c.stdout").result
    assert kernel.run("!echo from a shell").text().strip() == "from a shell"
    assert kernel.run("files = !echo one\nfiles[0]").result == "'one'"
    assert "Docstring" in kernel.run("len?").content["payload"][0]["data"]["text/plain"]


def test_top_level_await(kernel):
    assert kernel.run("import asyncio\nawait asyncio.sleep(0, 'awaited')").result == (
        "'awaited'")


def test_a_task_goes_on_between_cells(kernel):
    kernel.run("import asyncio\ndone = asyncio.Event()\n"
               "async def later():\n    await asyncio.sleep(0.01)\n    done.set()\n"
               "task = asyncio.ensure_future(later())")
    assert kernel.run("await asyncio.wait_for(done.wait(), 5)").result == "True"


@pytest.mark.parametrize("code, text", [
    ("print('\\ud800')", "\\ud800\n"),
    ("print('a\\0b')", "a\0b\n"),
    ("print('\N{GREEK SMALL LETTER PI} \U0001f40d')", "\u03c0 \U0001f40d\n"),
])
def test_text_that_is_hard_to_carry(kernel, code, text):
    assert kernel.run(code).text() == text


def test_a_display_with_nan_is_valid_json(kernel):
    done = kernel.run("from IPython.display import display, JSON\n"
                      "display(JSON({'x': float('nan'), 'n': 2**70}))")
    assert done.content["status"] == "ok" and done.of("display_data")


def test_large_output_is_whole(kernel):
    text = kernel.run("for i in range(20000): print(i, 'x' * 40)").text()
    # On a busy machine a rank may come too late for its twins: labels are fine.
    for lines in expand(text, kernel.ranks):
        assert lines == [f"{i} {'x' * 40}" for i in range(20000)]


def test_input_is_refused_where_it_is_not_allowed(kernel):
    done = kernel.run("input('name? ')", allow_stdin=False)
    assert done.content["ename"] == "StdinNotImplementedError"


def test_input(kernels):
    kernel = kernels("none-1")
    msg_id = kernel.send("name = input('name? '); print('hello', name)", allow_stdin=True)
    asked = kernel.client.get_stdin_msg(timeout=20)
    assert asked["content"] == {"prompt": "name? ", "password": False}
    kernel.client.input("world")
    assert kernel.collect(msg_id).text().endswith("hello world\n")


def test_exit_is_a_message_not_a_death(kernel):
    kernel.run("kept = 1")
    done = kernel.run("exit()")
    assert any(p["source"] == "ask_exit" for p in done.content["payload"])
    assert kernel.run("kept").result == "1"
