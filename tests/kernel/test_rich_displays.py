"""Displays: one where ranks agree, side by side where they do not, updated in place."""

import json

import pytest

SETUP = """
import os
from IPython.display import HTML, Image, Markdown, clear_output, display, update_display
rank = int(os.environ.get('RANKBOOK_RANK') or 0)
try:
    from mpi4py import MPI
    rank = MPI.COMM_WORLD.rank
except ImportError:
    pass
"""


@pytest.fixture(params=["none-1", "mpi-4"])
def kernel(request, kernels):
    kernel = kernels(request.param)
    assert kernel.run(SETUP).content["status"] == "ok"
    return kernel


@pytest.fixture
def many(four):
    assert four.run(SETUP).content["status"] == "ok"
    return four


def only(items):
    item, = items
    return item


def shown(done):
    """What a front end shows in the end: displays by their ids, texts, clears."""
    outputs, waits = [], False
    for message in done.outputs:
        content, kind = message["content"], message["msg_type"]
        if kind == "update_display_data":
            for output in outputs:
                if output.get("transient") == content["transient"]:
                    output["data"] = content["data"]
            continue
        if waits or (kind == "clear_output" and not content["wait"]):
            outputs.clear()
        waits = kind == "clear_output" and content["wait"]
        if kind != "clear_output":
            outputs.append(dict(content))
    return [output.get("text") or output["data"] for output in outputs]


# ---- bundles ----

def test_reprs_and_bundles(kernel):
    done = kernel.run(
        "class Rich:\n"
        "    def __repr__(self): return 'plain'\n"
        "    def _repr_html_(self): return '<i>h</i>'\n"
        "    def _repr_svg_(self): return '<svg/>'\n"
        "    def _repr_png_(self): return b'\\x89PNG', {'width': 3}\n"
        "    def _repr_json_(self): return {'a': [1, None]}\n"
        "class Bundle:\n"
        "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return ({'text/plain': 'b', 'application/vnd.x+json': {'x': 1}},\n"
        "                {'application/vnd.x+json': {'y': 2}})\n"
        "display(Rich(), Bundle())\nRich()")
    rich, bundle = done.of("display_data")
    assert rich["data"] == {
        "text/plain": "plain", "text/html": "<i>h</i>", "image/svg+xml": "<svg/>",
        "image/png": "iVBORw==", "application/json": {"a": [1, None]}}
    assert rich["metadata"] == {"image/png": {"width": 3}}
    assert bundle["data"] == {"text/plain": "b", "application/vnd.x+json": {"x": 1}}
    assert bundle["metadata"] == {"application/vnd.x+json": {"y": 2}}
    assert only(done.of("execute_result"))["data"] == rich["data"]


def test_what_json_cannot_say(kernel):
    done = kernel.run(
        "import numpy as np\n"
        "display({'text/plain': 'x\\ud800\\0', 'application/json': {\n"
        "    'nan': float('nan'), 'inf': [-float('inf')], 'bytes': b'\\0\\xff',\n"
        "    'big': 2**70, 'int': np.int32(7), 'float': np.float32(0.5),\n"
        "    'bool': np.bool_(True), 'set': {1}, 5: 'key', (1, 2): 'pair',\n"
        "    'pair': '\\ud83d\\ude00'}}, raw=True)")
    data = only(done.of("display_data"))["data"]
    assert data["text/plain"] == "x\ufffd\0"
    assert data["application/json"] == {
        "nan": "nan", "inf": ["-inf"], "bytes": "AP8=", "big": 2**70, "int": 7,
        "float": 0.5, "bool": True, "set": [1], "5": "key", "(1, 2)": "pair",
        "pair": "\U0001f600"}


def test_big_numbers_keep_their_display_id(kernel):
    done = kernel.run("display({'application/json': {'n': 2**70 + rank}, 'text/plain': ''},"
                      " raw=True, display_id='big')")
    ids = [data["transient"]["display_id"] for data in done.of("display_data")
           if "application/json" in data["data"]]
    assert len(ids) == len(set(ids)) == kernel.ranks
    assert {float(data["data"]["application/json"]["n"]) for data in
            done.of("display_data") if "application/json" in data["data"]} == {2.0**70}


def test_a_hook_sees_what_is_published(kernel):
    done = kernel.run(
        "seen = []\ndef hook(message):\n"
        "    seen.append((message['msg_type'], message['content']))\n"
        "    return None if message['content'].get('data', {}).get('text/plain') == \"'no'\""
        " else message\n"
        "pub = get_ipython().display_pub\npub.register_hook(hook)\n"
        "display('yes')\ndisplay('no')\nclear_output()\n"
        "print(pub.unregister_hook(hook), pub.unregister_hook(hook))\ndisplay('no')\n"
        "[kind for kind, content in seen]")
    assert [data["data"]["text/plain"] for data in done.of("display_data")] == [
        "'yes'", "'no'"]
    assert done.text() == "True False\n"
    assert done.result == "['display_data', 'display_data', 'clear_output']"


# ---- ids and updates ----

def test_a_display_is_updated(kernel):
    done = kernel.run("handle = display('one', display_id=True)\nhandle.update('two')\n"
                      "display('a', display_id='named')\n"
                      "update_display('b', display_id='named')")
    assert shown(done) == [{"text/plain": "'two'"}, {"text/plain": "'b'"}]
    later = kernel.run("handle.update('three')")
    assert [m["msg_type"] for m in later.outputs] == ["update_display_data"]
    assert later.of("update_display_data")[0]["transient"] == (
        done.of("display_data")[0]["transient"])


def test_the_same_id_with_different_content_is_kept_apart(many):
    done = many.run("display(HTML(f'<b>{rank}</b>'), display_id='own')")
    first = [data for data in done.of("display_data") if "<b>" in str(data)]
    assert len({data["transient"]["display_id"] for data in first}) == 4
    done = many.run("update_display(HTML(f'<i>{rank * 2}</i>'), display_id='own')")
    updates = done.of("update_display_data")
    assert {data["transient"]["display_id"] for data in updates} == {
        data["transient"]["display_id"] for data in first}
    by_id = {data["transient"]["display_id"]: data["data"]["text/html"]
             for data in updates}
    assert [by_id[data["transient"]["display_id"]] for data in first] == [
        f"<i>{rank * 2}</i>" for rank in range(4)]


def test_one_rank_leaves_a_shared_display(many):
    many.run("display(HTML('all'), display_id='shared')")
    done = many.run("if rank == 2:\n    update_display(HTML('two'), display_id='shared')")
    assert [m["content"]["data"]["text/html"] for m in done.outputs
            if "text/html" in m["content"]["data"]] == ["two"]
    done = many.run("if rank != 2:\n    update_display(HTML('rest'), display_id='shared')")
    update = only(done.of("update_display_data"))
    assert update["data"]["text/html"] == "rest"
    assert update["transient"]["display_id"] == "shared"


# ---- what ranks show differently ----

def test_figures_that_differ_stand_side_by_side(many):
    done = many.run("import matplotlib.pyplot as plt\n"
                    "plt.figure(figsize=(2, 1)); plt.plot([rank, 1]); plt.show()")
    data = only(done.of("display_data"))["data"]
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].count("data:image/png;base64,iVBOR") == 4
    places = [data["text/html"].index(f"rank {rank}<") for rank in range(4)]
    assert places == sorted(places)
    assert data["text/plain"].splitlines()[3].startswith("[3] <Figure size")


def test_figures_that_are_equal_are_one(kernel):
    done = kernel.run("import matplotlib.pyplot as plt\n"
                      "plt.figure(figsize=(2, 1)); plt.plot([1, 2])\nNone")
    data = only(done.of("display_data"))["data"]
    assert set(data) == {"image/png", "text/plain"}


def test_some_ranks_agree(many):
    done = many.run("display(HTML('<p>even</p>' if rank % 2 == 0 else '<p>odd</p>'))")
    html = only(done.of("display_data"))["data"]["text/html"]
    assert html.index("ranks 0,2") < html.index("even") < html.index("ranks 1,3")


def test_a_result_that_is_a_picture(many):
    done = many.run("Image(data=b'\\x89PNG' + bytes([rank]), format='png', width=40)")
    html = only(done.of("execute_result"))["data"]["text/html"]
    assert html.count("<img") == 4 and html.count('width="40"') == 4


def test_data_frames(kernel):
    done = kernel.run("import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', '<y>']})")
    html = only(done.of("execute_result"))["data"]["text/html"]
    assert html.count("<table") == 1 and "&lt;y&gt;" in html
    done = kernel.run("pd.DataFrame({'rank': [rank]})")
    data = only(done.of("execute_result"))["data"]
    assert data["text/html"].count("<table") == kernel.ranks
    if kernel.ranks > 1:
        assert data["text/plain"].startswith("[0]    rank\n")
        assert "rank 3</div>" in data["text/html"]
    done = kernel.run("pd.DataFrame({'a': [1]}).style.set_caption('styled')")
    html = only(done.of("execute_result"))["data"]["text/html"]
    assert html.count("<table") == 1


def test_animations(kernel):
    done = kernel.run(
        "from matplotlib.animation import FuncAnimation, PillowWriter\n"
        "figure, axes = plt.subplots(figsize=(1, 1)) if 'plt' in globals() else (None, None)\n"
        "import matplotlib.pyplot as plt\n"
        "plt.close('all'); figure, axes = plt.subplots(figsize=(1, 1))\n"
        "line, = axes.plot([0, 1])\n"
        "film = FuncAnimation(figure, lambda i: line.set_data([0, i], [0, 1]), frames=2)\n"
        "plt.close(figure)\ndisplay(HTML(film.to_jshtml()))\n"
        "film.save(f'/tmp/rankbook-{os.getpid()}.gif', writer=PillowWriter())\n"
        "display(Image(f'/tmp/rankbook-{os.getpid()}.gif'))\n"
        "os.remove(f'/tmp/rankbook-{os.getpid()}.gif')")
    assert done.content["status"] == "ok", done.content
    html, gif = done.of("display_data")
    assert "new Animation(" in html["data"]["text/html"]
    assert gif["data"]["image/gif"].startswith("R0lGOD")


def test_bundles_for_a_frontend_of_their_own_keep_their_type(kernel):
    """As plotly and altair make them."""
    done = kernel.run("display({'application/vnd.plotly.v1+json': {'data': [rank]},\n"
                      "         'text/plain': 'figure'}, raw=True)")
    figures = [data["data"]["application/vnd.plotly.v1+json"]["data"]
               for data in done.of("display_data")
               if "application/vnd.plotly.v1+json" in data["data"]]
    assert figures == [[rank] for rank in range(kernel.ranks)]


# ---- clear_output ----

def test_all_clear(kernel):
    done = kernel.run("print('old')\nclear_output()\nprint('new')")
    assert shown(done) == ["new\n"]
    done = kernel.run("for i in range(5):\n    clear_output(wait=True)\n    display(i)")
    assert shown(done) == [{"text/plain": "4"}]


def test_one_rank_clears_what_is_its_own(many):
    done = many.run("print('all')\nprint('of', rank)\ndisplay(HTML(f'<b>{rank}</b>'))\n"
                    "MPI.COMM_WORLD.Barrier()\n"
                    "if rank == 2:\n    clear_output()\n    print('cleared')")
    texts = shown(done)
    assert "of 2" not in str(texts) and "<b>2</b>" not in str(texts)
    for rank in (0, 1, 3):
        assert f"[{rank}] of {rank}\n" in "".join(t for t in texts if isinstance(t, str))
        assert f"<b>{rank}</b>" in str(texts)
    assert "[0-1,3] all\n" in texts[0] and texts[-1] == "[2] cleared\n"


def test_one_rank_counts_in_place(many):
    done = many.run("if rank == 1:\n    for i in range(20):\n"
                    "        clear_output(wait=True); print('step', i)\n"
                    "else:\n    print('others')")
    assert sorted("".join(shown(done)).splitlines()) == ["[0,2-3] others", "[1] step 19"]


def test_bundles_are_json(kernel):
    done = kernel.run("display(HTML('\\u2028</script>\\\\'))")
    json.dumps(done.of("display_data"), allow_nan=False)
    assert done.of("display_data")[0]["data"]["text/html"] == "\u2028</script>\\"


def test_objects_that_differ_in_their_addresses(many):
    """Shown they are alike; printed, all addresses are there, for that may be the point."""
    done = many.run("class Thing:\n"
                    "    def __repr__(self): return f'<Thing at 0x7f12345{rank}b2e50>'\n"
                    "MPI.COMM_WORLD.Barrier()\ndisplay(Thing())\nprint(Thing())")
    plain = only(done.of("display_data"))["data"]["text/plain"]
    assert plain == "<Thing at 0x7f123450b2e50>"
    assert sorted(done.stream().splitlines()) == [
        f"[{rank}] <Thing at 0x7f12345{rank}b2e50>" for rank in range(4)]
