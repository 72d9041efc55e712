"""What people do with a notebook in JupyterLab: run it all, ask for help, answer it."""

import re

from test_lab import CELL, open_notebook, prompt, run


def test_run_all_and_restart_and_run_all(page, look):
    open_notebook(page)
    prompt(run(page, "from mpi4py import MPI\nfirst = 'first' not in globals()"), page)
    cell = run(page, "print('new' if first else 'old', MPI.COMM_WORLD.size)")
    prompt(cell, page)
    for command, word in (("Run All Cells", "old"), ("Restart Kernel and Run All Cells…", "new")):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator(".lm-Menu-item").filter(has_text=re.compile(f"^{command}")).first.click()
        if word == "new":
            page.locator(".jp-Dialog .jp-mod-accept").click()
        page.wait_for_function(
            "([cell, text]) => cell.querySelector('.jp-OutputArea').textContent"
            ".includes(text)", arg=[page.locator(CELL).nth(1).element_handle(), f"{word} 4"])
    look("run-all")


def test_completion_and_inspection(page, look):
    open_notebook(page)
    prompt(run(page, "from mpi4py import MPI\ncomm = MPI.COMM_WORLD"), page)
    last = page.locator(CELL).last
    last.locator(".cm-content").click()
    page.keyboard.type("comm.allre")
    page.keyboard.press("Tab")
    page.wait_for_function(
        "cell => cell.textContent.includes('comm.allreduce')"
        " || document.querySelector('.jp-Completer-item')", arg=last.element_handle())
    look("completion")
    page.keyboard.press("Escape")
    last.locator(".cm-content").fill("comm.allreduce")
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip").get_by_text("allreduce").first.wait_for()
    look("inspection")


def test_an_input_box(page, look):
    open_notebook(page)
    cell = run(page, "from mpi4py import MPI\n"
                     "name = input('who? ') if MPI.COMM_WORLD.rank == 0 else None\n"
                     "MPI.COMM_WORLD.bcast(name)")
    box = cell.locator(".jp-Stdin-input")
    box.wait_for()
    look("input")
    box.fill("everybody")
    box.press("Enter")
    prompt(cell, page)
    assert "'everybody'" in cell.locator(".jp-OutputArea-executeResult").inner_text()


def test_a_slider_calls_back_on_all_ranks(page, look):
    open_notebook(page)
    cell = run(page, "from ipywidgets import interact\nfrom mpi4py import MPI\n"
                     "comm = MPI.COMM_WORLD\n"
                     "@interact(n=(0, 10))\ndef total(n=1):\n"
                     "    print('sum', comm.allreduce(n + comm.rank))")
    prompt(cell, page)
    handle = cell.locator(".widget-slider .noUi-handle, .jupyter-widget-slider [role=slider]").first
    handle.wait_for()
    page.wait_for_function("cell => cell.textContent.includes('sum 10')",
                           arg=cell.element_handle())
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("cell => cell.textContent.includes('sum 14')",
                           arg=cell.element_handle())
    look("slider")
