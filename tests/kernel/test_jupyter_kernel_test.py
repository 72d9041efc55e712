"""jupyter_kernel_test's own checks, on 1 and 4 ranks and without MPI."""

import json
import os
import shutil
import tempfile
import unittest

import jupyter_kernel_test
from harness import RANKBOOK
from watched import WatchedClient

SPECS = tempfile.mkdtemp(prefix="rankbook-specs-")


def setUpModule():
    for name, ranks, method in (("one", 1, "mpiexec"), ("four", 4, "mpiexec"),
                                ("plain", 2, "none")):
        folder = os.path.join(SPECS, "kernels", "rankbook-test-" + name)
        os.makedirs(folder)
        with open(os.path.join(folder, "kernel.json"), "w") as file:
            json.dump({"argv": [RANKBOOK, "kernel", "-n", str(ranks), "--start", method,
                                "-f", "{connection_file}"],
                       "display_name": name, "language": "python",
                       "interrupt_mode": "message"}, file)
    os.environ["JUPYTER_PATH"] = SPECS


def tearDownModule():
    del os.environ["JUPYTER_PATH"]
    shutil.rmtree(SPECS)


class Checks:
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n"]
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result = [{"code": "1+2+3", "result": "6"},
                           {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"}]
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>t</b>'))",
         "mime": "text/html"},
        {"code": "from IPython.display import Math, display; display(Math('x'))",
         "mime": "text/latex"}]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    support_iopub_welcome = True

    @classmethod
    def setUpClass(cls):
        """Every message passes our own validator too."""
        super().setUpClass()
        cls.kc.stop_channels()
        cls.km.client_factory = WatchedClient
        cls.kc = cls.km.client()
        cls.kc.start_channels()
        cls.kc.wait_for_ready(timeout=jupyter_kernel_test.TIMEOUT)

    @classmethod
    def tearDownClass(cls):
        violations = cls.kc.watch.violations
        super().tearDownClass()
        assert not violations, violations


class OneRankTests(Checks, jupyter_kernel_test.KernelTests):
    kernel_name = "rankbook-test-one"


class FourRanksTests(Checks, jupyter_kernel_test.KernelTests):
    kernel_name = "rankbook-test-four"


class PlainTests(Checks, jupyter_kernel_test.KernelTests):
    kernel_name = "rankbook-test-plain"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "rankbook-test-four"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main()
