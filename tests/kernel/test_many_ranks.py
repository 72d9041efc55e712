"""Many more ranks than processors: slower than a few, and otherwise the same."""

import pytest
from harness import Kernel
from test_deaths import SETUP, assert_whole, press, said

LIMIT = 120  # seconds: they share a processor or two


@pytest.mark.parametrize("ranks", [8, 16])
def test_a_morning_with_many_ranks(ranks):
    with Kernel(ranks, wait="") as kernel:
        kernel.client.wait_for_ready(timeout=LIMIT)
        assert kernel.run(SETUP, timeout=LIMIT).content["status"] == "ok"
        assert_whole(kernel, list(range(ranks)))

        done = kernel.run("for _ in range(200): comm.Barrier()\nprint(comm.size)",
                          timeout=LIMIT)
        assert done.text() == f"{ranks}\n"

        done = kernel.run("if me == 5: raise ValueError('no')\ncomm.Barrier()",
                          timeout=LIMIT)
        assert done.error["ename"] == "ValueError" and "PeerError" in said(done)
        assert_whole(kernel, list(range(ranks)))

        cell = kernel.send("comm.Barrier()\nif me == 0: print('begun', flush=True)\n"
                           "while True: comm.allreduce(1)")
        kernel.wait_output(cell, "begun", LIMIT)
        press(kernel)
        assert kernel.collect(cell, timeout=LIMIT).error["ename"] == "KeyboardInterrupt"
        assert_whole(kernel, list(range(ranks)))

        done = kernel.run("if me == 6: os.abort()\ncomm.Barrier()", timeout=LIMIT)
        assert "rank 6 died: killed by SIGABRT" in said(done)
        assert_whole(kernel, [rank for rank in range(ranks) if rank != 6])
