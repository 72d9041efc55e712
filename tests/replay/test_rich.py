"""What a replay saves beside outputs: widgets, as nbclient does, and parameters."""

import json

import nbclient
import nbformat
import papermill
import pytest
from test_notebook import LIMIT, Replay

STATE = "application/vnd.jupyter.widget-state+json"
CELLS = [
    "import ipywidgets as w\nfrom IPython.display import clear_output, display\n"
    "slider = w.IntSlider(value=3)\ndisplay(slider)\nslider.value = 4",
    "out = w.Output()\ndisplay(out)\nwith out:\n    print('one')\n    print('two')\n"
    "    display('shown')\nprint('outside')",
    "[output['output_type'] for output in out.outputs]",
    "inner = w.Output()\nwith out:\n    clear_output(wait=True)\n    with inner:\n"
    "        print('inner')\n    print('outer')",
    "image = w.Image(value=b'\\0\\xff')",
    "box = w.HBox([slider, w.HTML('<b>b</b>')])\nbox",
]


@pytest.fixture
def replay(tmp_path):
    return Replay(tmp_path)


def models(notebook):
    """The saved models, without the ids that differ from run to run."""
    saved = notebook["metadata"]["widgets"][STATE]
    assert (saved["version_major"], saved["version_minor"]) == (2, 0)
    texts = [json.dumps(model, sort_keys=True) for model in saved["state"].values()]
    for model_id, model in saved["state"].items():
        texts = [text.replace(model_id, model["model_name"]) for text in texts]
    return sorted(texts)


def outputs(notebook):
    return [[(output["output_type"], output.get("text")) for output in cell["outputs"]]
            for cell in notebook["cells"]]


@pytest.fixture(scope="module")
def expected():
    """The same cells on ipykernel, by nbclient."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    return nbclient.execute(notebook, timeout=LIMIT, kernel_name="python3")


@pytest.mark.parametrize("ranks", [1, 4])
def test_widgets_are_saved_as_nbclient_does(replay, expected, ranks):
    replay.write(*CELLS)
    replay.run("-n", ranks)
    notebook = nbformat.read(replay.out, as_version=4)
    nbformat.validate(notebook)
    assert models(notebook) == models(expected)
    assert outputs(notebook) == outputs(expected)
    shown, = [output for output in notebook.cells[2].outputs]
    assert shown.data["text/plain"] == expected.cells[2].outputs[0].data["text/plain"]


def test_a_notebook_without_widgets(replay):
    replay.write("1")
    replay.run()
    assert "widgets" not in nbformat.read(replay.out, as_version=4).metadata


def test_parameters_are_noted_as_papermill_does(replay, tmp_path):
    replay.write("x = 1")
    replay.run("-p", "x", "2", "-p", "name", "text", "-p", "many", '[1, {"a": null}]',
               "-p", "yes", "True")
    papermill.execute_notebook(
        replay.path, tmp_path / "other.ipynb", kernel_name="python3", language="python",
        progress_bar=False,
        parameters={"x": 2, "name": "text", "many": [1, {"a": None}], "yes": True})
    mine = nbformat.read(replay.out, as_version=4).metadata.papermill
    other = nbformat.read(tmp_path / "other.ipynb", as_version=4).metadata.papermill
    assert mine == {key: other[key] for key in mine}
    assert set(mine) == {"parameters", "default_parameters", "environment_variables"}
