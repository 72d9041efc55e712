"""input(), getpass() and pdb: questions of ranks, one at a time."""

import pytest


@pytest.fixture(params=["mpi-1", "mpi-4"])
def kernel(request, kernels):
    kernel = kernels(request.param)
    kernel.run("from mpi4py import MPI; world = MPI.COMM_WORLD; rank = world.rank")
    return kernel


def asked(kernel):
    content = kernel.client.get_stdin_msg(timeout=40)["content"]
    return content["prompt"], content["password"]


def talk(kernel, code, *exchange):
    """Runs 'code'; 'exchange' is what is asked, and what is answered, in turns."""
    msg_id = kernel.send(code, allow_stdin=True)
    for prompt, answer in exchange:
        assert asked(kernel) == (prompt, False)
        kernel.client.input(answer)
    return kernel.collect(msg_id)


def test_a_question_of_all_ranks_is_asked_once(kernel):
    done = talk(kernel, "name = input('name? ')\nname", ("name? ", "Ada"))
    assert done.result == "'Ada'"
    assert kernel.run("len(world.allgather(name)), set(world.allgather(name))").result == (
        f"({kernel.ranks}, {{'Ada'}})")


def test_getpass(kernel):
    msg_id = kernel.send("import getpass\ngetpass.getpass('key: ') == 'secret'",
                         allow_stdin=True)
    assert asked(kernel) == ("key: ", True)
    kernel.client.input("secret")
    assert kernel.collect(msg_id).result == "True"


def test_one_rank_asks_and_tells_the_others(kernel):
    label = "[0] " if kernel.ranks > 1 else ""
    done = talk(kernel, "n = input('n? ') if rank == 0 else None\nworld.bcast(n)",
                (label + "n? ", "12"))
    assert done.result == "'12'"


def test_one_rank_asks_and_the_others_have_ended(kernel):
    label = f"[{kernel.ranks - 1}] " if kernel.ranks > 1 else ""
    done = talk(kernel, f"if rank == {kernel.ranks - 1}: print(input())", (label, "yes"))
    assert done.text().endswith("yes\n")


def test_a_cell_of_one_rank_says_which_it_is(kernel):
    label = "[0] " if kernel.ranks > 1 else ""
    assert talk(kernel, "%%rank 0\ninput('? ')", (label + "? ", "x")).result == "'x'"


def test_different_questions_come_one_after_the_other(kernel):
    msg_id = kernel.send("answer = input(f'rank {rank}? ')\nint(answer) == rank",
                         allow_stdin=True)
    left = set(range(kernel.ranks))
    while left:
        prompt, _ = asked(kernel)
        rank = int(prompt.split()[-1].rstrip("?"))
        assert prompt == (f"[{rank}] " if kernel.ranks > 1 else "") + f"rank {rank}? "
        kernel.client.input(str(rank))
        left.remove(rank)
    assert kernel.collect(msg_id).result == "True"


def test_several_questions(kernel):
    done = talk(kernel, "[input('a'), input('b'), input('a')]", ("a", "1"), ("b", "2"),
                ("a", "3"))
    assert done.result == "['1', '2', '3']"


def test_stop_of_a_question(kernel):
    msg_id = kernel.send("input('never? ')", allow_stdin=True)
    assert asked(kernel) == ("never? ", False)
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert talk(kernel, "input('again? ')", ("again? ", "yes")).result == "'yes'"


def test_a_question_after_one_that_was_stopped(kernel):
    msg_id = kernel.send("try: input('first? ')\nexcept KeyboardInterrupt: pass\n"
                         "input('second? ')", allow_stdin=True)
    assert asked(kernel) == ("first? ", False)
    kernel.interrupt()
    assert asked(kernel) == ("second? ", False)
    kernel.client.input("2")
    assert kernel.collect(msg_id).result == "'2'"


def test_end_of_file(kernel):
    done = talk(kernel, "input()", ("", "\x04"))
    assert done.content["ename"] == "EOFError"


def test_pdb_asks_for_all_ranks_at_once(kernel):
    kernel.run("def f(a):\n    b = a + 1\n    return 1 / b")
    kernel.run("f(-1)")
    done = talk(kernel, "%debug", ("ipdb> ", "p b"), ("ipdb> ", "q"))
    assert done.content["status"] == "ok" and "\n0\n" in done.text(), done.outputs


def test_breakpoint(kernel):
    done = talk(kernel, "def g():\n    local = 'here'\n    breakpoint()\n    return local\ng()",
                ("(Pdb) ", "p local"), ("(Pdb) ", "c"))
    assert done.result == "'here'" and "'here'\n" in done.text()
