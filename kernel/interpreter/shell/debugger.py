"""The debugger of this rank, as Jupyter's front ends speak to it.

A debug_request carries a request of the Debug Adapter Protocol.  Most go on to
debugpy (dap.py); those that Jupyter has added, or means otherwise, are answered here.
Nothing of debugpy is imported before a client says "initialize".

Requests come by the main thread between cells and by the assist thread during one;
what debugpy says comes by the link's thread.
"""

import ast
import itertools
import json
import linecache
import os
import stat
import sys
import threading

import _rankbook
from IPython.core.inputtransformer2 import leading_empty_lines

from . import compiler
from .content import encode
from .variables import Variables, is_hidden

# how often a Stop waits for the main thread to leave debugpy's code
_MOST_HOLDS = 300

# goes on to debugpy as it is; what is in neither table is refused
_PASSED = frozenset(
    """completions configurationDone continue evaluate exceptionInfo goto gotoTargets next
    pause scopes setExceptionBreakpoints setExpression setFunctionBreakpoints setVariable
    stackTrace stepIn stepInTargets stepOut threads""".split()
)

_STEPS = ("next", "stepIn", "stepOut")
_STEPS_END = 1  # second, until debugpy has given up a step

# packages whose frames no user wants to see, or step through
_OWN_PACKAGES = ("IPython", "traitlets", "asyncio", "mpi4py")


class Answer:
    """What is owed to one request; given once."""

    _numbers = itertools.count(1)

    def __init__(self, cell, request):
        number, command = request.get("seq"), request.get("command")
        self._cell = cell
        self._head = {
            "type": "response",
            "request_seq": number if type(number) is int and number >= 0 else 0,
            "command": command if isinstance(command, str) else "",
        }
        self._is_given = False

    def _send(self, reply):
        if not self._is_given:
            self._is_given = True
            reply = {"seq": next(self._numbers), **self._head, **reply}
            _rankbook.send(_rankbook.ANSWER, self._cell, [encode(reply)])

    def give(self, body=None):
        self._send({"success": True, "body": {} if body is None else body})

    def refuse(self, why):
        self._send({"success": False, "message": str(why), "body": {}})

    def pass_on(self, response):
        """debugpy's own, less what is nobody else's business."""
        keys = ("success", "message", "body")
        self._send({key: response[key] for key in keys if key in response})


def _make_folder():
    """Its name can be guessed: one that somebody else made is not used."""
    try:
        os.mkdir(compiler.FOLDER, 0o700)
    except FileExistsError:
        found = os.lstat(compiler.FOLDER.rstrip("/"))
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(f"{compiler.FOLDER} belongs to somebody else") from None


def _write(path, code):
    _make_folder()
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(code)


def _own_rules(modules):
    """What leaves the kernel's own code out of stacks and steps."""
    paths = {os.path.dirname(__file__) + "/**"}
    for name in (*_OWN_PACKAGES, *modules):
        path = getattr(sys.modules.get(name), "__file__", None) or ""
        if name in _OWN_PACKAGES and path:
            path = os.path.dirname(path) + "/**"
        if path.endswith((".py", "/**")):
            paths.add(path)
    return [{"path": path, "include": False} for path in sorted(paths)]


class Debugger:
    def __init__(self, shell, modules):
        """'modules': names of those that the kernel itself has imported."""
        self.shell = shell
        self._modules_before = modules
        self.link = None  # from the first "initialize" on
        self.is_started = False
        self._breakpoints = {}  # path: as set
        self._stopped = set()  # numbers of threads
        self._cells = {}  # path: code that was dumped
        self._variables = None
        self._holds = 0
        self._is_stepping = False
        self._commands = {
            "attach": self._attach,
            "copyToGlobals": self._copy_to_globals,
            "debugInfo": self._info,
            "disconnect": self._disconnect,
            "dumpCell": self._dump_cell,
            "initialize": self._initialize,
            "inspectVariables": self._inspect_variables,
            "modules": self._modules,
            "richInspectVariables": self._rich_inspect,
            "setBreakpoints": self._set_breakpoints,
            "source": self._source,
            "terminate": self._disconnect,  # ranks end with their kernel
            "variables": self._variables_of,
        }

    # ---- around cells, main thread ----

    def before_cell(self):
        """Only code of cells is traced: a main thread that stood still between them
        could not be reached."""
        if self.is_started:
            self.link.trace(True)

    def after_cell(self):
        if self.link is None:
            return
        self.link.trace(False)
        if self._is_stepping:  # out of the cell; it must not end in the next one
            self._is_stepping = False
            done = threading.Event()
            self.link.request("continue", {"threadId": 1}, lambda response: None)
            self.link.request("threads", {}, lambda response: done.set())
            done.wait(_STEPS_END)

    def holds(self, frame):
        """Whether a Stop finds the main thread in debugpy's code, where an exception
        would end all tracing: at a breakpoint, mostly.  The thread is let go, and the
        signal comes again."""
        if self.link is None or not _rankbook.interrupted():
            return False
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(compiler.FOLDER):
                break
            if name.startswith(self.link.folder) and self._holds < _MOST_HOLDS:
                self._holds += 1
                self.link.signal_again()
                return True
            frame = frame.f_back
        self._holds = 0
        return False

    def _let_go(self):
        for thread in self._stopped:
            self.link.request("continue", {"threadId": thread}, lambda response: None)
            break  # one is enough: all go on

    # ---- requests ----

    def on_request(self, cell, request, is_idle):
        answer = Answer(cell, request)
        arguments = request.get("arguments")
        arguments = arguments if isinstance(arguments, dict) else {}
        command = request.get("command")
        self._is_idle = is_idle
        try:
            if command in self._commands:
                self._commands[command](arguments, answer)
            elif command in _PASSED:
                self._is_stepping = command in _STEPS or (
                    self._is_stepping and command != "continue"
                )
                self._pass(command, arguments, answer.pass_on, answer)
            else:
                answer.refuse(f"the debugger does not know {command!r}")
        except Exception as error:
            answer.refuse(f"{type(error).__name__}: {error}")

    def _pass(self, command, arguments, then, answer):
        def careful(response):
            try:
                then(response)
            except Exception as error:
                answer.refuse(f"{type(error).__name__}: {error}")

        if not self.is_started:
            answer.refuse("the debugger is not started")
        else:
            self.link.request(command, arguments, careful)

    def _initialize(self, arguments, answer):
        from .dap import Link

        def then(response):
            self.is_started = bool(response.get("success"))
            answer.pass_on(response)

        if self.link is None:
            try:
                self.link = Link(self._on_event, self._let_go)
            except ImportError:
                answer.refuse(f"no debugger: {sys.executable} -m pip install debugpy")
                return
        cleanup = self.shell.input_transformer_manager.cleanup_transforms
        if leading_empty_lines in cleanup:  # lines keep the numbers of the cell
            cleanup.remove(leading_empty_lines)
        self.link.request("initialize", arguments, then)

    def _attach(self, arguments, answer):
        arguments = {
            "justMyCode": False,
            **arguments,
            "rules": [*_own_rules(self._modules_before), *(arguments.get("rules") or [])],
            "subProcess": False,
        }
        self._pass("attach", arguments, answer.pass_on, answer)

    def _disconnect(self, arguments, answer):
        if not self.is_started:
            answer.give()
            return
        self.link.request(
            "disconnect", {"terminateDebuggee": False}, answer.pass_on
        )
        self._forget()

    def _forget(self):
        self.is_started = False
        self._stopped.clear()
        self._breakpoints.clear()
        for path in self._cells:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
        self._cells.clear()
        cleanup = self.shell.input_transformer_manager.cleanup_transforms
        if leading_empty_lines not in cleanup:
            cleanup.insert(0, leading_empty_lines)

    def _info(self, arguments, answer):
        answer.give(
            {
                "isStarted": self.is_started,
                "hashMethod": "Murmur2",
                "hashSeed": compiler.SEED,
                "tmpFilePrefix": compiler.FOLDER,
                "tmpFileSuffix": compiler.SUFFIX,
                "breakpoints": [
                    {"source": path, "breakpoints": points}
                    for path, points in self._breakpoints.items()
                ],
                "stoppedThreads": sorted(self._stopped),
                "richRendering": True,
                "exceptionPaths": ["Python Exceptions"],
                "copyToGlobals": True,
            }
        )

    # ---- code ----

    def _dump_cell(self, arguments, answer):
        code = arguments["code"]
        path = compiler.file_of(code)
        _write(path, code)
        self._cells[path] = code
        answer.give({"sourcePath": path})

    def _set_breakpoints(self, arguments, answer):
        path = arguments["source"]["path"]
        points = arguments.get("breakpoints") or []

        def then(response):
            if response.get("success"):
                found = response["body"]["breakpoints"]
                self._breakpoints[path] = [
                    {**asked, "line": made.get("line", asked["line"])}
                    for asked, made in zip(points, found)
                ]
            answer.pass_on(response)

        # debugpy wants a file; another kernel may have removed it
        if path in self._cells and not os.path.exists(path):
            _write(path, self._cells[path])
        self._pass("setBreakpoints", arguments, then, answer)

    def _source(self, arguments, answer):
        path = (arguments.get("source") or {}).get("path") or ""
        lines = linecache.getlines(path)
        if path in self._cells:
            answer.give({"content": self._cells[path]})
        elif lines:
            answer.give({"content": "".join(lines)})
        else:
            answer.refuse(f"there is no source of {path!r}")

    def _modules(self, arguments, answer):
        found = []
        for index, module in enumerate(list(sys.modules.values())):
            origin = getattr(getattr(module, "__spec__", None), "origin", None)
            if isinstance(origin, str) and origin.endswith(".py"):
                found.append({"id": index, "name": module.__name__, "path": origin})
        first = arguments.get("startModule") or 0
        count = arguments.get("moduleCount") or len(found)
        answer.give(
            {"modules": found[first : first + count], "totalModules": len(found)}
        )

    # ---- variables ----

    def _inspect_variables(self, arguments, answer):
        self._variables = Variables(self.shell.user_ns, not self._is_idle)
        answer.give({"variables": self._variables.all()})

    def _variables_of(self, arguments, answer):
        def then(response):
            body = response.get("body") or {}
            if "variables" in body:
                body["variables"] = [
                    variable
                    for variable in body["variables"]
                    if not is_hidden(variable["name"])
                ]
            answer.pass_on(response)

        reference = arguments.get("variablesReference", 0)
        if self._stopped:
            self._pass("variables", arguments, then, answer)
        elif self._variables is not None:
            answer.give({"variables": self._variables.children(reference)})
        else:
            answer.give({"variables": []})

    def _rich_inspect(self, arguments, answer):
        name = arguments.get("variableName") or ""

        def then(response):
            if response.get("success"):
                # debugpy gives the repr of the text
                answer.give(json.loads(ast.literal_eval(response["body"]["result"])))
            else:
                answer.refuse(response.get("message") or f"{name} cannot be shown")

        if not name.isidentifier():  # a group of the variables' panel
            answer.give({"data": {}, "metadata": {}})
        elif self._stopped:
            shown = f"__import__({__name__!r}, fromlist=['rich']).rich({name})"
            where = {"frameId": arguments.get("frameId"), "context": "clipboard"}
            self._pass("evaluate", {"expression": shown, **where}, then, answer)
        elif name not in self.shell.user_ns:
            answer.refuse(f"there is no variable {name}")
        elif self._is_idle:
            answer.give(json.loads(rich(self.shell.user_ns[name])))
        else:
            (found,) = Variables({name: self.shell.user_ns[name]}, True).all()
            answer.give({"data": {"text/plain": found["value"]}, "metadata": {}})

    def _copy_to_globals(self, arguments, answer):
        source = arguments.get("srcVariableName") or ""
        target = arguments.get("dstVariableName") or ""
        if not source.isidentifier() or not target.isidentifier():
            answer.refuse("srcVariableName and dstVariableName must be identifiers")
            return
        notebook = "__import__('IPython').get_ipython().user_ns"
        self._pass(
            "setExpression",
            {
                "expression": f"{notebook}[{target!r}]",
                "value": source,
                "frameId": arguments.get("srcFrameId"),
            },
            answer.pass_on,
            answer,
        )

    # ---- events, the link's thread ----

    def _on_event(self, event):
        body = event.get("body") or {}
        if event["event"] == "stopped":
            self._stopped.add(body.get("threadId"))
            self._is_stepping = False
        elif event["event"] == "continued":
            if body.get("allThreadsContinued", True):
                self._stopped.clear()
            else:
                self._stopped.discard(body.get("threadId"))
        elif event["event"] == "terminated":
            self._forget()
            self.link = None
        _rankbook.send(_rankbook.DEBUG, 0, [encode(event)])


def rich(value):
    """What IPython shows of a value, as JSON."""
    from IPython import get_ipython

    data, metadata = get_ipython().display_formatter.format(value)
    return encode({"data": data, "metadata": metadata}).decode()
