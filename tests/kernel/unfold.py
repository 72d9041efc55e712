"""Folded text back into what each rank wrote: gather.h's definition, read literally."""

import re

LABEL = re.compile(r"\[(\d+(?:[,-]\d+)*)\] *([ …])")
SEQUENCE = re.compile(r"\x1b\[([\d;]*)m")
FLAGS_OFF = {22: (1, 2), 23: (3,), 24: (4, 21), 25: (5, 6), 27: (7,), 28: (8,), 29: (9,)}


class Pen:
    """The colour that a terminal writes in, after all sequences so far."""

    def __init__(self):
        self.fore = self.back = None
        self.flags = frozenset()

    @property
    def color(self):
        return self.fore, self.back, self.flags

    def take(self, parameters):
        codes = [int(code or 0) for code in parameters.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code in (38, 48):
                size = {5: 2, 2: 4}[codes[0]]
                color, codes = tuple(codes[:size]), codes[size:]
                if code == 38:
                    self.fore = color
                else:
                    self.back = color
            elif code < 10 or code == 21:
                self.flags |= {code}
            elif code in FLAGS_OFF:
                self.flags -= set(FLAGS_OFF[code])
            elif code in range(30, 38) or code in range(90, 98):
                self.fore = code
            elif code in range(40, 48) or code in range(100, 108):
                self.back = code
            elif code == 39:
                self.fore = None
            elif code == 49:
                self.back = None


def cells(text, pen):
    """(character, colour) pairs."""
    at = 0
    for found in SEQUENCE.finditer(text):
        yield from ((char, pen.color) for char in text[at:found.start()])
        pen.take(found.group(1))
        at = found.end()
    yield from ((char, pen.color) for char in text[at:])


def decode(ranks_text):
    """The ranks that "0-2,5" names, None when it is not written as the front does."""
    ranks, last = [], -2
    for part in ranks_text.split(","):
        first, _, end = part.partition("-")
        if "-" in end or int(first) <= last + 1 or (end and int(end) <= int(first)):
            return None
        last = int(end or first)
        ranks += range(int(first), last + 1)
    return ranks


def terminal(line):
    """What a terminal shows of a line in the end, without blanks after it."""
    shown, column = [], 0
    for char in line:
        if char == "\r":
            column = 0
        else:
            shown[column:column + 1] = [char]
            column += 1
    return "".join(shown).rstrip(" ")


class Unfold:
    """What each rank wrote: 'written[rank]' is a list of [stream, character, colour]."""

    def __init__(self, ranks):
        self.ranks = range(ranks)
        self.written = [[] for _ in self.ranks]
        self.pens = {}
        self.owners = {}  # of the line that is open, by stream

    def feed(self, stream, text):
        """One stream message."""
        pen = self.pens.setdefault(stream, Pen())
        line = []
        for cell in cells(text, pen):
            line.append(cell)
            if cell[0] == "\n":
                self.line(stream, line)
                line = []
        if line:
            self.line(stream, line)

    def line(self, stream, line):
        owners = self.owners.pop(stream, None)
        if owners is None:
            owners, line = self.label(stream, line)
        for char, color in line:
            for rank in owners:
                self.written[rank].append((stream, char, color if char != "\n" else None))
        if not line or line[-1][0] != "\n":
            self.owners[stream] = owners

    def label(self, stream, line):
        found = LABEL.match("".join(char for char, _ in line))
        owners = decode(found.group(1)) if found else None
        if not owners or owners[-1] not in self.ranks:
            return self.ranks, line
        end = len(found.group(1)) + 3
        if len(owners) == 1:  # numbers stand below one another
            end += len(str(self.ranks[-1])) - len(found.group(1))
        assert all(color == Pen().color for _, color in line[:end]), line
        if line[end - 1][0] == "…":
            for rank in owners:
                self.join(rank, stream)
        return owners, line[end:]

    def join(self, rank, stream):
        """The line before goes on: its end was the front's."""
        mine = self.written[rank]
        at = max(i for i, cell in enumerate(mine) if cell[0] == stream)
        assert mine.pop(at)[1] == "\n"


def unfold(text, ranks):
    """What each rank wrote, of a text without colours: fast, for much of it."""
    written = [[] for _ in range(ranks)]
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        found = LABEL.match(line) if line[0] == "[" else None
        owners = decode(found.group(1)) if found else range(ranks)
        for rank in owners:
            if found and found.group(2) == "…":
                written[rank][-1:] = [end.removesuffix("\n") for end in written[rank][-1:]]
            written[rank].append(line[found.end():] if found else line)
    return ["".join(lines) for lines in written]


def split_label(line, ranks):
    """The ranks of a line's label (of all, when it has none), its mark, and the rest."""
    found = LABEL.match(line)
    owners = decode(found.group(1)) if found else None
    if not owners:
        return range(ranks), None, line
    end = len(found.group(1)) + 3
    if len(owners) == 1:  # numbers stand below one another
        end += len(str(ranks - 1)) - len(found.group(1))
    return owners, line[end - 1:end], line[end:]


def unfold_shown(text, ranks):
    """The lines of each rank as a terminal shows them, of a text with '\\r'."""
    written = [[] for _ in range(ranks)]
    for line in text.split("\n"):
        is_rewritten = "\r" in line
        owners, mark, rest = split_label(
            terminal(line) + " " if is_rewritten else line, ranks)
        rest = rest.removesuffix(" ") if is_rewritten else rest
        for rank in owners:
            if mark == "…":
                written[rank][-1:] = [end + rest for end in written[rank][-1:]]
            else:
                written[rank].append(rest if mark else line)
    return [[terminal(line) for line in lines] for lines in written]


def unfold_rows(text, ranks):
    """The rows of a display of rewritten lines (bars.h): (ranks, text) pairs."""
    for row in text.split("\n"):
        owners, _, rest = split_label(row, ranks)
        yield owners, rest
