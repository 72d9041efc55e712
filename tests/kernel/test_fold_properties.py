"""Folding: whatever ranks write, in whatever pieces and at whatever times, unfolds again.

Drives the gather itself (tests/kernel/gather.c), without processes: a program for each
rank, and an order of events.  unfold.py is the definition of what folded text means.
"""

import collections
import ctypes
import json
import os
import random

import pytest
from harness import BUILD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unfold import Pen, Unfold, cells, terminal, unfold_rows, unfold_shown

FOLD, RANK, RAW = range(3)
TEXT_MS, OPEN_MS, DISPLAY_MS, FLUSH_MS = 100, 1000, 1000, 50

WORDS = ["a\n", "b\n", "\n", "step 1\n", "step 2\n", "  é 漢字 😀\n", "tail", " ", "…",
         "[0-1] x\n", "[0] \n", "[1]…y\n", "[", "0] ", "[1, 2]\n", "[2]\n"]
COLORS = ["\x1b[31m", "\x1b[0m", "\x1b[m", "\x1b[1;38;5;9m", "\x1b[22;48;2;1;2;3m",
          "\x1b[39;49m", "\x1b[4m", "\x1b[31mred\n", "\x1b[0m\n", "\x1b[92m[1] "]
BARS = ["\rload", "\rsaving", "\rab", "\r", "ab", "é漢", "a\n", "b\n", "\n", "x\r\n",
        "\r\n", "load\r", "\rload\rab\n", "\r      \r", "[1] x\r"]


@pytest.fixture(scope="module")
def library():
    made = ctypes.CDLL(str(BUILD / "tests" / "libgather.so"))
    made.player_create.restype = ctypes.c_void_p
    made.player_published.restype = ctypes.c_char_p
    made.player_deadline.restype = ctypes.c_int64
    return made


class Player:
    """A gather, and the clock it is told."""

    def __init__(self, library, ranks, mode=FOLD):
        self.library, self.ranks, self.now = library, ranks, 0
        self.made = ctypes.c_void_p(library.player_create(ranks, mode))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.player_destroy(self.made)

    def stream(self, rank, name, data):
        self.library.player_stream(self.made, rank, name.encode(), data,
                                   ctypes.c_size_t(len(data)), ctypes.c_int64(self.now))

    def display(self, rank, text):
        content = json.dumps({"data": {"text/plain": text}, "metadata": {}})
        self.library.player_message(self.made, rank, b"display_data", content.encode(),
                                    ctypes.c_int64(self.now))

    def done(self, rank):
        self.library.player_done(self.made, rank, ctypes.c_int64(self.now))

    def finish(self):
        self.library.player_finish(self.made, ctypes.c_int64(self.now))

    def pass_time(self, ms):
        """As the front's timers do: called when it asked for it, and at the end."""
        end = self.now + ms
        while 0 <= (due := self.library.player_deadline(self.made)) <= end:
            self.now = max(self.now, due)
            before = due
            self.library.player_tick(self.made, ctypes.c_int64(self.now))
            after = self.library.player_deadline(self.made)
            assert after < 0 or after > self.now or after != before, "it never gets calm"
        self.now = end
        self.library.player_tick(self.made, ctypes.c_int64(self.now))

    def messages(self):
        """(type, content) pairs; that they can be read is a check by itself."""
        lines = self.library.player_published(self.made).decode().split("\n")[:-1]
        return [(kind, json.loads(content))
                for kind, content in zip(lines[::2], lines[1::2])]

    def unfolded(self):
        unfold = Unfold(self.ranks)
        for kind, content in self.messages():
            assert kind == "stream"
            unfold.feed(content["name"], content["text"])
        return unfold.written


def written(pieces):
    """What a rank wrote: 'pieces' are (stream, text)."""
    pens = collections.defaultdict(Pen)
    return [(stream, char, color if char != "\n" else None)
            for stream, text in pieces for char, color in cells(text, pens[stream])]


def assert_unfolds(player, each):
    """A line that its rank never ended may have got an end from the front."""
    for mine, unfolded in zip(each, player.unfolded()):
        want = written(mine)
        for name in ("stdout", "stderr"):
            texts = [[i for i, cell in enumerate(some) if cell[0] == name]
                     for some in (unfolded, want)]
            if len(texts[0]) == len(texts[1]) + 1 and unfolded[texts[0][-1]][1] == "\n":
                del unfolded[texts[0][-1]]
        assert unfolded == want


def lists(words, size):
    """Of (stream, text) pairs."""
    text = st.lists(st.sampled_from(words), min_size=1, max_size=4).map("".join)
    stream = st.sampled_from(["stdout", "stdout", "stdout", "stderr"])
    return st.lists(st.tuples(stream, text), max_size=size)


RANKS = st.sampled_from([2, 3, 4, 11])


def depart(common, others, ranks, chance):
    """A program for each rank: the common one, with some lines left out or others."""
    each = [list(common) for _ in range(ranks)]
    for line in others:
        mine = chance.choice(each)
        at = chance.randint(0, len(mine))
        mine[at:at + chance.randint(0, 2)] = [line] * chance.randint(0, 1)
    return each


def play(player, each, chance):
    """Gives all of it to the gather, cut anywhere, in any order that ranks can have."""
    rests = [[(stream, text.encode()) for stream, text in mine] for mine in each]
    alive = [rank for rank, rest in enumerate(rests) if rest]
    while alive:
        rank = chance.choice(alive)
        name, rest = rests[rank][0]
        size = chance.choice([len(rest), chance.randint(1, len(rest))])
        player.stream(rank, name, rest[:size])
        rests[rank][0] = name, rest[size:]
        if size == len(rest):
            del rests[rank][0]
        if not rests[rank]:
            alive.remove(rank)
            if chance.random() < 0.5:
                player.done(rank)
        if chance.random() < 0.3:
            player.pass_time(chance.choice([1, 30, 99, 100, 150, 1000, 5000]))


CHANCE = st.integers(0, 1 << 32).map(random.Random)
EXAMPLES = settings(max_examples=int(os.environ.get("FOLD_EXAMPLES", 200)), deadline=None, derandomize=True, report_multiple_bugs=False,
                    suppress_health_check=[HealthCheck.too_slow,
                                           HealthCheck.function_scoped_fixture])


def check(library, common, others, ranks, chance, mode):
    each = depart(common, others, ranks, chance)
    with Player(library, ranks, mode) as player:
        play(player, each, chance)
        player.finish()
        assert_unfolds(player, each)


@EXAMPLES
@given(common=lists(WORDS, 12), others=lists(WORDS, 6), ranks=RANKS, chance=CHANCE,
       mode=st.sampled_from([FOLD, RANK]))
def test_text_unfolds_to_what_each_rank_wrote(library, common, others, ranks, chance, mode):
    check(library, common, others, ranks, chance, mode)


@EXAMPLES
@given(common=lists(WORDS + COLORS, 12), others=lists(WORDS + COLORS, 6), ranks=RANKS,
       chance=CHANCE, mode=st.sampled_from([FOLD, RANK]))
def test_colours_stay_with_the_text(library, common, others, ranks, chance, mode):
    check(library, common, others, ranks, chance, mode)


@EXAMPLES
@given(pieces=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["stdout", "stderr"]),
                                 st.binary(min_size=1, max_size=9)), max_size=20),
       chance=CHANCE, mode=st.sampled_from([FOLD, RANK, RAW]))
def test_any_bytes_become_text(library, pieces, chance, mode):
    with Player(library, 3, mode) as player:
        for rank, name, data in pieces:
            player.stream(rank, name, data)
            player.pass_time(chance.choice([0, 1, 100, 1000]))
        player.finish()
        for _, content in player.messages():
            json.dumps(content, ensure_ascii=False).encode()


@EXAMPLES
@given(common=lists(WORDS, 12), others=lists(WORDS, 6), ranks=RANKS, chance=CHANCE,
       whole=st.booleans())
def test_text_is_out_in_time(library, common, others, ranks, chance, whole):
    """A whole line 100 ms after the last rank said anything, any text after a second;
    it leaves with the next of 20 messages a second."""
    if whole:
        common, others = ([(stream, text.rstrip("\n") + "\n") for stream, text in part]
                          for part in (common, others))
    each = depart(common, others, ranks, chance)
    with Player(library, ranks) as player:
        play(player, each, chance)
        player.pass_time((TEXT_MS if whole else OPEN_MS) + FLUSH_MS)
        assert_unfolds(player, each)
        count = len(player.messages())
        player.finish()
        assert len(player.messages()) == count


@EXAMPLES
@given(said=st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcxyz")), max_size=12),
       chance=CHANCE, mode=st.sampled_from([FOLD, RANK, RAW]))
def test_displays_are_out_in_time_and_in_order(library, said, chance, mode):
    """Each a second after the last rank said anything, between texts or not."""
    with Player(library, 3, mode) as player:
        for rank, word in said:
            if word in "abc":
                player.stream(rank, "stdout", word.encode() + b"\n")
            else:
                player.display(rank, word)
            player.pass_time(chance.choice([0, 1, 100, 1000]))
        player.pass_time(DISPLAY_MS + FLUSH_MS)
        messages = player.messages()
        player.finish()
        assert player.messages() == messages
    seen = [[] for _ in range(3)]
    for kind, content in messages:
        text = content["text"] if kind == "stream" else content["data"]["text/plain"]
        for owners, line in unfold_rows(text.removesuffix("\n"), 3):
            for rank in owners:
                seen[rank].append(line)
    if mode != RAW:  # where nobody knows who said what
        assert seen == [[word for who, word in said if who == rank] for rank in range(3)]


def test_messages_are_few(library):
    with Player(library, 2) as player:
        for step in range(1000):
            player.stream(step % 2, "stdout", b"step %d\n" % step)
            player.pass_time(1)
        assert len(player.messages()) <= 1000 / FLUSH_MS + 1


def displays(player, stream):
    """The last state of each display of the stream's rewritten lines."""
    shown = {}
    for kind, content in player.messages():
        if kind != "stream" and f"-{stream}-" in content["transient"]["display_id"]:
            shown[content["transient"]["display_id"]] = content["data"]["text/plain"]
    return shown.values()


def assert_shows(mine, text, rows):
    """'mine' are a rank's lines, 'text' and 'rows' what of them is shown."""
    rest = iter(text)
    for line in mine:  # those that were not rewritten are in the text, in order
        assert "\r" in line or line.rstrip(" ") in rest, (line, text)
    final = collections.Counter(terminal(line) for line in mine if "\r" in line)
    del final[""]
    rows = collections.Counter(rows)
    del rows[""]
    assert rows <= final
    assert final <= rows + collections.Counter(text)


@EXAMPLES
@given(common=lists(BARS, 12), others=lists(BARS, 6), ranks=RANKS, chance=CHANCE,
       mode=st.sampled_from([FOLD, RANK]))
def test_a_rewritten_line_is_shown_as_a_terminal_does(library, common, others, ranks,
                                                      chance, mode):
    each = depart(common, others, ranks, chance)
    with Player(library, ranks, mode) as player:
        play(player, each, chance)
        player.finish()
        for stream in ("stdout", "stderr"):
            text = unfold_shown("".join(
                content["text"] for kind, content in player.messages()
                if kind == "stream" and content["name"] == stream), ranks)
            rows = [row for shown in displays(player, stream)
                    for row in unfold_rows(shown, ranks)]
            for rank, mine in enumerate(each):
                lines = "".join(part for name, part in mine if name == stream)
                assert_shows(lines.removesuffix("\n").split("\n") if lines else [],
                             text[rank], [row for who, row in rows if rank in who])


@EXAMPLES
@given(percents=st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=5),
                         min_size=2, max_size=6), chance=CHANCE)
def test_of_bars_the_slowest_and_the_fastest_are_shown(library, percents, chance):
    ranks = len(percents)
    each = [[("stderr", f"\rwork: {n:3}%|{'#' * (n // 10):10}| {n:3}/100") for n in mine]
            for mine in percents]
    with Player(library, ranks) as player:
        play(player, each, chance)
        player.finish()
        shown, = displays(player, "stderr")
    ends = {rank: mine[-1] for rank, mine in enumerate(percents)}
    rows = list(unfold_rows(shown, ranks))
    wanted = [(min(ends.values()), "  slowest"), (max(ends.values()), "  fastest")]
    if wanted[0][0] == wanted[1][0]:
        wanted = [(wanted[0][0], "")]
    assert [(list(owners), text) for owners, text in rows] == [
        ([rank for rank in ends if ends[rank] == end],
         f"work: {end:3}%|{'#' * (end // 10):10}| {end:3}/100{note}")
        for end, note in wanted]
