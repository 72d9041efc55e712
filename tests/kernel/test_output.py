"""How text of many ranks is shown: %output, floods, and the file that takes the rest."""

import collections
import pathlib
import re

import pytest
from harness import Kernel
from unfold import unfold

NOTE = re.compile(r"(\n\[… |\[)more than [^:]*: the rest is in (.*)\]\n")
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
    text = done.stream() + done.stream("stderr")
    note = NOTE.search(text)
    assert note and text.endswith(note.group())
    assert len(text) < 11 * MEGABYTE
    with open(note.group(2), encoding="utf-8") as file:
        return text[:note.start()], file.read()


LINES = "".join(f"{i:0>99}\n" for i in range(120_000))
FLOODS = {
    "prints": "for i in range(120_000): print(f'{i:0>99}')",
    "one print": "print('\\n'.join(f'{i:0>99}' for i in range(120_000)))",
    "a descriptor": "lines = ''.join(f'{i:0>99}\\n' for i in range(120_000)).encode()\n"
                    "while lines: lines = lines[os.write(1, lines):]",
    "a command": "!seq -f %099.0f 0 119999",
    "warnings": "import sys\nfor i in range(120_000): print(f'{i:0>99}', file=sys.stderr)",
}


@pytest.mark.parametrize("what", FLOODS)
def test_a_flood_is_all_there(flooded, what):
    shown, rest = file_of(flooded.run(FLOODS[what], timeout=120))
    assert unfold(shown + rest, 4) == 4 * [LINES]


def test_a_flood_of_ranks_that_differ_is_all_there(flooded):
    shown, rest = file_of(flooded.run(
        "for i in range(120_000): print(f'{i:0>99}' if i % 100 else f'{rank} of {i}')",
        timeout=120))
    assert unfold(shown + rest, 4) == [
        "".join(f"{i:0>99}\n" if i % 100 else f"{rank} of {i}\n" for i in range(120_000))
        for rank in range(4)]


def test_a_flood_of_tiny_lines(flooded):
    """Too many to read back one by one: those that are equal are counted."""
    shown, rest = file_of(flooded.run("!yes | head -c 12000000", timeout=120))
    seen = 4 * [0]
    for line, count in collections.Counter((shown + rest).splitlines()).items():
        for rank, text in enumerate(unfold(line, 4)):
            assert text in ("", "y")
            seen[rank] += count * len(text)
    assert seen == 4 * [6_000_000]


def test_a_flood_in_one_line(flooded):
    shown, rest = file_of(flooded.run("print('x' * 12_000_000)", timeout=120))
    for text in unfold(shown + rest, 4):
        assert text.replace("x", "") == "\n" and len(text) == 12_000_001


ENDLESS = {
    "lines that differ": "while True: print(rank, 'x' * 90)",
    "lines of all": "while True: print('x' * 90)",
    "a command": "!yes",
    "a descriptor": "while True: os.write(1, b'x\\n' * 1000)",
    "one line": "while True: print('x' * 100_000, end='')",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_the_middle_of_an_endless_flood(flooded, what):
    msg_id = flooded.send(ENDLESS[what])
    flooded.wait_output(msg_id, "the rest is in ", timeout=120)
    assert "print" in flooded.assist(
        "complete_request", {"code": "prin", "cursor_pos": 4})["matches"]
    assert flooded.request("kernel_info_request", {}, "control").content["status"] == "ok"
    front, = (each for each in flooded.processes() if each.name() == "rankbook-front")
    status = pathlib.Path(f"/proc/{front.pid}/status").read_text(encoding="utf-8")
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10 < 200 * MEGABYTE
    flooded.interrupt()
    assert flooded.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert flooded.run("print('after')").stream() == "after\n"


def test_streams_that_alternate_are_few_messages(many):
    done = many.run("import sys\nfor i in range(2000):\n"
                    "    print('out', i); print('err', i, file=sys.stderr)")
    assert done.text() == "".join(f"out {i}\n" for i in range(2000))
    assert done.text("stderr") == "".join(f"err {i}\n" for i in range(2000))
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
