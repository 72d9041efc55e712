"""The documentation names tests: they exist, and so does each file it links to."""

import re

import pytest
from harness import ROOT

PAGES = ["docs/compatibility.md"]
LINK = re.compile(r"\[`(\w+)`\]\((\S+\.py)\)")


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page):
    path = ROOT / page
    links = LINK.findall(path.read_text())
    assert len(links) >= 20
    for name, file in links:
        text = (path.parent / file).resolve().read_text()
        assert re.search(rf"^(def|class) {name}\b", text, re.M), f"{name} in {file}"


def test_every_row_of_the_table_has_a_test():
    table = (ROOT / PAGES[0]).read_text().split("## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert rows and all(LINK.search(row.split("|")[-2]) for row in rows)
