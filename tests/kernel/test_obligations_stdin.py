"""input_request: to the client that asked, one at a time, and who may answer."""

import pytest
from harness import TIMEOUT

ASK = "answer = input('name? ')"


def ask(kernel, code=ASK, client=None):
    """The cell, and what it asks."""
    client = client or kernel.client
    cell = kernel.send(code, client=client, allow_stdin=True)
    asked = client.get_stdin_msg(timeout=TIMEOUT)
    assert asked["parent_header"]["msg_id"] == cell
    return cell, asked


def test_getpass_hides(world):
    cell, asked = ask(world, "import getpass; secret = getpass.getpass()")
    assert asked["content"] == {"prompt": "Password: ", "password": True}
    world.client.input("s\N{LATIN SMALL LETTER SHARP S}")
    assert world.collect(cell).content["status"] == "ok"
    assert world.run("secret").result == "'s\N{LATIN SMALL LETTER SHARP S}'"


def test_the_end_of_file(world):
    cell, _ = ask(world)
    world.client.input("\x04")
    assert world.collect(cell).content["ename"] == "EOFError"


def test_an_empty_answer(world):
    cell, _ = ask(world)
    world.client.input("")
    world.collect(cell)
    assert world.run("answer").result == "''"


@pytest.mark.parametrize("code, name", [
    ("input()", "input()"), ("import getpass; getpass.getpass()", "getpass()")])
def test_it_is_refused_at_once_where_it_is_not_allowed(world, code, name):
    done = world.run(code, allow_stdin=False)
    assert done.content["ename"] == "StdinNotImplementedError"
    assert done.content["evalue"].startswith(f"{name} was called")


def test_the_client_that_runs_the_cell_is_asked_and_answers(world):
    other = world.connect()
    try:
        other.wait_for_ready(timeout=TIMEOUT)
        cell, _ = ask(world, client=other)
        assert not world.client.stdin_channel.msg_ready()
        world.client.input("of the wrong client")
        other.input("of the right one")
        world.collect(cell, other)
        assert world.run("answer").result == "'of the right one'"
    finally:
        other.stop_channels()


def test_an_answer_to_an_earlier_question_is_ignored(world):
    cell, first = ask(world)
    world.interrupt()
    assert world.collect(cell).content["ename"] == "KeyboardInterrupt"
    cell, _ = ask(world)
    stale = world.client.session.msg("input_reply", {"value": "stale"}, parent=first)
    world.client.stdin_channel.send(stale)
    world.client.input("fresh")
    world.collect(cell)
    assert world.run("answer").result == "'fresh'"


def test_an_answer_that_nobody_asked_for_is_not_kept(world):
    world.client.input("nobody asked")
    world.run("1")
    cell, _ = ask(world)
    world.client.input("asked")
    world.collect(cell)
    assert world.run("answer").result == "'asked'"


def test_an_answer_without_text_is_no_answer(world):
    cell, _ = ask(world)
    for content in ({}, {"value": None}, {"value": 5}):
        world.client.stdin_channel.send(world.client.session.msg("input_reply", content))
    world.client.input("text")
    world.collect(cell)
    assert world.run("answer").result == "'text'"


def test_stop_ends_a_question(world):
    cell, _ = ask(world, "kept = 8\n" + ASK)
    world.interrupt()
    assert world.collect(cell).content["ename"] == "KeyboardInterrupt"
    assert world.run("kept").result == "8"


def test_requests_are_answered_while_the_user_thinks(world):
    cell, _ = ask(world)
    assert world.request("kernel_info_request", {}).content["status"] == "ok"
    assert "import" in world.assist(
        "complete_request", {"code": "impor", "cursor_pos": 5})["matches"]
    world.client.input("at last")
    assert world.collect(cell).content["status"] == "ok"
