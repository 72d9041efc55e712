"""Rich output in JupyterLab: a slider, figures, bars and tables of four ranks."""

from test_lab import open_notebook, prompt, run

OUTPUT = ".jp-OutputArea"


def test_a_slider_moves_on_all_ranks(page, look):
    open_notebook(page)
    run(page, "import ipywidgets as w\nfrom mpi4py import MPI\nworld = MPI.COMM_WORLD")
    cell = run(page, "@w.interact(x=(0, 20))\ndef show(x=5):\n"
                     "    print('sum over', world.size, 'ranks:', world.allreduce(x))")
    prompt(cell, page)
    cell.get_by_text("sum over 4 ranks: 20").wait_for()
    assert cell.locator(".widget-slider").count() == 1
    handle = cell.locator(".noUi-handle")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    cell.get_by_text("sum over 4 ranks: 32").wait_for()
    assert cell.locator(OUTPUT).first.inner_text().count("sum over") == 1
    look("slider")


def test_figures_and_tables_side_by_side(page, look):
    open_notebook(page)
    cell = run(page, "from mpi4py import MPI\nimport numpy as np\n"
                     "import matplotlib.pyplot as plt\nrank = MPI.COMM_WORLD.rank\n"
                     "plt.plot(np.sin(np.linspace(0, 6, 100) * (rank + 1)))\n"
                     "plt.title(f'mode {rank + 1}'); plt.show()")
    prompt(cell, page)
    images = cell.locator("img")
    images.nth(3).wait_for()
    assert images.count() == 4
    boxes = [images.nth(i).bounding_box() for i in range(4)]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 2 and boxes[1]["x"] > boxes[0]["x"]
    look("figures")
    cell = run(page, "import pandas as pd\n"
                     "pd.DataFrame({'rank': [rank], 'square': [rank ** 2]})")
    prompt(cell, page)
    assert cell.locator("table").count() == 4
    cell.scroll_into_view_if_needed()
    look("tables")


def test_bars_stay_in_place(page, look):
    open_notebook(page)
    cell = run(page, "from tqdm.auto import tqdm\nfrom mpi4py import MPI\n"
                     "world = MPI.COMM_WORLD\n"
                     "bar = tqdm(total=100, desc='steps', mininterval=0)\n"
                     "bar.update(20 * world.rank + 10); bar.refresh()\nworld.Barrier()")
    prompt(cell, page)
    cell.get_by_text("slowest").wait_for()
    lines = [line for line in cell.locator(OUTPUT).first.inner_text().splitlines()
             if "/100" in line]
    assert len(lines) == 2 and "fastest" in lines[1]
    assert cell.locator(".jp-OutputArea-child").count() == 1
    look("bars")
