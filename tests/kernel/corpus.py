"""The corpus: cells as data, run with ipykernel and with ours, and compared.

tests/corpus/*.ipy hold the cells.  A line ``# %% name {options}`` begins one; the
options are those of Kernel.run(), and "ranks".  The files are run one after the other
by one kernel, like one long notebook, in a folder and with an IPython profile of its
own.
"""

import json
import re
import sys
from dataclasses import dataclass

from harness import BUILD, ROOT, Kernel, expand

FOLDER = ROOT / "tests" / "corpus"
HEAD = re.compile(r"^# %% (?P<name>[^{\n]+?) ?(?P<options>\{.*\})?\n", re.M)
IPYKERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

# What two runs of the same cell may differ in, and what stands for it.
NORMALISE = [
    # where an object is in memory
    (r"\b0x[0-9a-f]{6,}", "0xADDRESS"),
    # the file that a cell pretends to come from: ours has no process id, so that
    # the warnings of all ranks are equal; a SyntaxError shows the last part of it
    (r"/tmp/(?:ipykernel_\d+|rankbook-\d+)/[\d-]+[0-9a-f]*\.py", "CELL.py"),
    (r"\([\d-]+[0-9a-f]*\.py, line", "(CELL.py, line"),
    # clocks
    (r"CPU times: .*", "CPU times: TIMES"),
    (r"\d+(?:\.\d+)? (?:[nmµμ]?s|min)\b", "TIME"),
    # ids made for one display or widget
    (r"\b(?:rb-)?(?:[0-9a-f]{16}|[0-9a-f]{32})\b", "ID"),
    (r"\b(?:id=\"|#)[mp][0-9a-f]{10}\b", "ID"),
    # when a figure was drawn
    (r"<dc:date>.*?</dc:date>", "DATE"),
    # the folder that the kernel was started in
    (r"(?:/[\w.-]+)+/corpus-folder", "FOLDER"),
    # programs of the shell write to a terminal, which ends lines with \r\n
    # there; ours gives their bytes
    (r"\r\n", "\n"),
]


# Where ours differs on purpose, and why.
ONE_ERROR = "an error that does not end the cell is text: `error` says that a cell failed"
SCRIPT = "a script of %run that fails fails its cell: other ranks may wait for it"
USAGE = "every failed cell has an `error`, also for wrong usage of a magic"
NAMED = "the error in the reply is the one that is shown, not NoneType"
DIFFERENT = {
    "text: a lone surrogate": "all text arrives, escaped where JSON has no word for it",
    "text: bytes through the buffer": "sys.stdout has a buffer, as any program expects",
    "results: silent": "the protocol says that a silent cell publishes nothing",
    "results: a repr that raises": NAMED,
    "results: a rich repr that raises": NAMED,
    "displays: a display that raises": NAMED,
    "errors: an exception whose text raises": "the error is the user's, and one",
    "errors: a group": "every failed cell has an `error`, also for a group",
    "errors: a group in a function": "every failed cell has an `error`, also for a group",
    "errors: shown by showtraceback": ONE_ERROR,
    "errors: a custom handler": "every failed cell has an `error`, if only of one line",
    "displays: NaN in JSON": "no warning about the inside of the kernel",
    "magics: run that fails": SCRIPT,
    "magics: run that exits": SCRIPT,
    "magics: a magic that is not there": USAGE,
    "magics: a cell magic that is not there": USAGE,
    "magics: a line magic as a cell magic": USAGE,
    "magics: a cell magic as a line magic": USAGE,
    "magics: wrong options of a magic": USAGE,
    "magics: gui of an unknown kind": "the text names what works on ranks",
    "session: of the compiler": "the cell is compiled once, so it warns once",
    "session: run_cell that fails": ONE_ERROR,
    "session: input is refused without a user": "the text and the frames are ours",
    "session: getpass too": "the text and the frames are ours",
    "session: exit is a request": "ranks do not end with one of them, and say so",
}


@dataclass(frozen=True)
class Cell:
    theme: str
    name: str
    code: str
    options: dict
    ranks: str  # "agree", or "differ" where the cell looks at clocks

    def __str__(self):
        return f"{self.theme}: {self.name}"


def read(path):
    """The cells of one file."""
    text = path.read_text()
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends):
        options = json.loads(head["options"] or "{}")
        yield Cell(path.stem, head["name"], text[head.end():end].rstrip("\n"),
                   options, options.pop("ranks", "agree"))


THEMES = ["text", "results", "language", "errors", "displays", "magics", "science",
          "session"]
CELLS = [cell for theme in THEMES for cell in read(FOLDER / f"{theme}.ipy")]


def start(folder, **options):
    """A kernel for the corpus; the user's own profile changes nothing."""
    cwd = folder / "corpus-folder"
    cwd.mkdir()
    env = {"IPYTHONDIR": str(folder / "ipython"), "HOME": str(folder),
           "MPLCONFIGDIR": str(BUILD / "matplotlib"), "COLUMNS": "80"}
    kernel = Kernel(env=env, cwd=str(cwd), **options)
    if kernel.is_ours:
        kernel.client.watch.order.has_many_results = True
    return kernel


def run(kernel):
    """What each cell gave, by name."""
    return {str(cell): outcome(kernel.run(cell.code, allow_stdin=False, **cell.options))
            for cell in CELLS}


def outcome(done):
    """The outputs and the reply of one cell, in a form that can be compared."""
    reply = {key: done.content.get(key) for key in (
        "status", "execution_count", "payload", "user_expressions", "ename", "evalue",
        "traceback")}
    outputs = [{"output_type": message["msg_type"], **message["content"]}
               for message in done.outputs]
    return normalise({"reply": reply, "outputs": error_last(gather_streams(outputs))})


def error_last(outputs):
    """IPython may go on after an error: it warns after sys.exit(), it draws figures.
    Of N ranks' errors ours makes one when all are done."""
    return ([output for output in outputs if output["output_type"] != "error"]
            + [output for output in outputs if output["output_type"] == "error"])


def gather_streams(outputs):
    """Between two other outputs, the text of stdout and then that of stderr:
    ipykernel holds back each by itself, so their order is by chance there."""
    gathered, streams = [], {}
    for output in [*outputs, None]:
        if output is not None and output["output_type"] == "stream":
            streams.setdefault(output["name"], []).append(output["text"])
            continue
        for name in sorted(streams, reverse=True):
            gathered.append({"output_type": "stream", "name": name,
                             "text": "".join(streams[name])})
        streams = {}
        if output is not None:
            gathered.append(output)
    return gathered


def seen_by(rank, ranks, result):
    """What a rank has said: where ranks are slow, late text has the label of the
    ranks that said it, though others say the same."""
    outputs = []
    for output in result["outputs"]:
        if output["output_type"] == "stream":
            output = {**output, "text": expand(output["text"], ranks)[rank]}
        outputs.append(output)
    return {**result, "outputs": outputs}


def normalise(value):
    if isinstance(value, str):
        for pattern, replacement in NORMALISE:
            value = re.sub(pattern, replacement, value)
        return value
    if isinstance(value, dict) and value.get("traceback"):
        # a recursion that is too deep is as deep as there is stack below the cell
        value = {**value, "traceback": list(dict.fromkeys(value["traceback"]))}
    if isinstance(value, dict):
        return {key: normalise(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalise(item) for item in value]
    return value
