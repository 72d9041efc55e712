"""JupyterLab's debugger: a breakpoint in a cell's gutter, on rank 0 of four."""

from test_lab import open_notebook, prompt

CODE = """answer = 40
answer = answer + 2
print('the answer is', answer)"""


def test_a_breakpoint(page, look):
    open_notebook(page)
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").click()
    cell.locator(".cm-content").fill(CODE)
    page.click(".jp-DebuggerBugButton")
    gutter = cell.locator(".cm-breakpoint-gutter .cm-gutterElement")
    gutter.nth(3).wait_for(state="attached")  # the first is no line
    gutter.nth(3).click()
    gutter.nth(3).locator(".cm-breakpoint-icon").wait_for()
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")

    line = cell.locator(".jp-DebuggerEditor-highlight")
    line.wait_for()
    assert "print(" in line.inner_text()
    assert cell.locator(".jp-InputPrompt").text_content() == "[*]:"
    variables = page.locator(".jp-DebuggerVariables")
    variables.get_by_text("answer").first.wait_for()
    variables.get_by_text("42").first.wait_for()
    look("debugger")

    page.locator("[data-command='debugger:continue']").first.click()
    prompt(cell, page)
    assert "the answer is 42" in cell.locator(".jp-OutputArea").inner_text()
    line.wait_for(state="detached")
