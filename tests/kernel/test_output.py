"""How text of many ranks is shown: %output, floods, and the file that takes the rest."""

import re

import pytest
from harness import Kernel
from unfold import unfold

NOTE = re.compile(r"\[more than [^:]*: the rest is in (.*)\]\n")
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    """Four ranks with a folder of their own for what is too much."""
    state = tmp_path_factory.mktemp("state")
    with Kernel(4, env={"XDG_STATE_HOME": str(state)}) as kernel:
        kernel.run("import os\nfrom mpi4py import MPI\nrank = MPI.COMM_WORLD.rank")
        yield kernel


@pytest.fixture(params=["none-3", "mpi-4"])
def many(request, kernels):
    yield kernels(request.param)
    kernels(request.param).run("%output fold")


def each(kernel, text):
    return sorted(f"[{rank}] {text}" for rank in range(kernel.ranks))


def test_output_for_one_cell(many):
    assert sorted(many.run("%%output rank\nprint('same')").stream().splitlines()) == (
        each(many, "same"))
    assert many.run("%%output raw\nprint('same')").stream() == many.ranks * "same\n"
    assert many.run("print('same')").stream() == "same\n"


def test_output_from_here_on(many):
    assert many.run("%output rank").outputs == []
    assert sorted(many.run("print('same')").stream().splitlines()) == each(many, "same")
    assert many.run("%%output fold\nprint('same')").stream() == "same\n"
    assert sorted(many.run("print('same')").stream().splitlines()) == each(many, "same")
    many.run("%output raw")
    assert many.run("print('same')").stream() == many.ranks * "same\n"


def test_output_beside_other_magics(many):
    for lines in ("%%output rank\n%%rank 1", "%%rank 1\n%%output raw"):
        assert many.run(lines + "\nprint('one')").stream() == "one\n"
    assert "Wall time" in many.run("%%output fold\n%%time\npass").stream()


def test_output_explains_itself(many):
    page, = many.run("%output?").content["payload"]
    assert "[0-2] step 7" in page["data"]["text/plain"]
    done = many.run("%%output loud\nx = 1")
    assert done.content["ename"] == "UsageError"
    assert "fold, rank and raw" in done.content["evalue"]


def file_of(done):
    """The text that the cell shows, and what is in the file that it names."""
    text = done.stream()
    note = NOTE.search(text)
    assert note and text.endswith(note.group())
    assert len(text) < 11 * MEGABYTE
    with open(note.group(1), encoding="utf-8") as file:
        return text[:note.start()], file.read()


LINES = "".join(f"{i:0>99}\n" for i in range(120_000))
FLOODS = {
    "prints": "for i in range(120_000): print(f'{i:0>99}')",
    "one print": "print('\\n'.join(f'{i:0>99}' for i in range(120_000)))",
    "a descriptor": "lines = ''.join(f'{i:0>99}\\n' for i in range(120_000)).encode()\n"
                    "while lines: lines = lines[os.write(1, lines):]",
    "a command": "!seq -f %099.0f 0 119999",
}


@pytest.mark.parametrize("what", FLOODS)
def test_a_flood_is_all_there(flooded, what):
    shown, rest = file_of(flooded.run(FLOODS[what], timeout=120))
    assert unfold(shown + rest, 4) == 4 * [LINES]


def test_the_middle_of_an_endless_flood(flooded):
    msg_id = flooded.send("while True: print(rank, 'x' * 90)")
    flooded.wait_output(msg_id, "x" * 90)
    assert "print" in flooded.assist(
        "complete_request", {"code": "prin", "cursor_pos": 4})["matches"]
    assert flooded.request("kernel_info_request", {}, "control").content["status"] == "ok"
    flooded.wait_output(msg_id, "the rest is in ", timeout=120)
    for process in flooded.processes():
        assert process.memory_info().rss < 400 * MEGABYTE, process
    flooded.interrupt()
    assert flooded.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert flooded.run("print('after')").stream() == "after\n"


def test_streams_that_alternate_are_few_messages(many):
    done = many.run("import sys\nfor i in range(2000):\n"
                    "    print('out', i); print('err', i, file=sys.stderr)")
    assert done.stream() == "".join(f"out {i}\n" for i in range(2000))
    assert done.stream("stderr") == "".join(f"err {i}\n" for i in range(2000))
    assert len(done.of("stream")) < 1000


def front_memory(kernel):
    front, = (p for p in kernel.processes() if p.name() == "rankbook-front")
    return front.memory_info().rss


def test_cells_that_are_over_keep_no_text(many):
    print_much = "print('x' * 1_000_000)"
    for _ in range(8):
        many.run(print_much)
    before = front_memory(many)
    for _ in range(40):
        many.run(print_much)
    assert front_memory(many) - before < 20 * MEGABYTE


def test_large_prints_find_the_memory_of_those_before(many):
    """A megabyte is 244 pages; to get them anew each time took longer than to print."""
    print_much = "print(max(['x' * 1_000_000 for _ in range(4)]))"
    faults = "resource.getrusage(resource.RUSAGE_SELF).ru_minflt"
    many.run(print_much)
    many.run(f"import resource\nbefore = {faults}")
    for _ in range(8):
        many.run(print_much)
    assert many.run(f"assert {faults} - before < 8 * 200").content["status"] == "ok"
