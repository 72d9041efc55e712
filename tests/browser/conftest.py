"""JupyterLab with our kernels in its launcher, and a chromium that looks at it."""

import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
SCREENSHOTS = BUILD / "screenshots"
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings":
        '{"windowingMode": "none"}',
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings":
        '{"fetchNews": "false", "checkForUpdates": false}',
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings":
        '{"autosave": false, "renameUntitledFileOnSave": false}',
}


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """The folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("lab") / "notebooks"


@pytest.fixture(scope="session")
def lab(notebooks):
    """The address of a JupyterLab of our own, with a token."""
    home = notebooks.parent
    for name, text in SETTINGS.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(ROOT / "examples", notebooks)
    subprocess.run([BUILD / "bin/rankbook", "install", "--prefix", home, "-n", "1",
                    "-n", "4"], check=True)
    token = secrets.token_hex(8)
    env = dict(os.environ, JUPYTER_PATH=str(home / "share/jupyter"),
               JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
               JUPYTER_CONFIG_DIR=str(home / "config"),
               JUPYTER_RUNTIME_DIR=str(home / "runtime"), HOME=str(home))
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0",
         f"--IdentityProvider.token={token}", f"--notebook-dir={notebooks}"],
        env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    address = None
    for line in server.stderr:  # the server says where it is
        if "http://127.0.0.1:" in line and "token=" in line:
            address = "http://127.0.0.1:" + line.split("127.0.0.1:")[1].split("/")[0]
            break
    drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
    assert address, "jupyter lab did not start"
    yield address, token
    server.terminate()
    server.wait(20)
    drain.wait(5)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(lab, browser):
    address, token = lab
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/lab?reset&token={token}")
    page.wait_for_selector(".jp-Launcher")
    yield page
    page.close()
    request = urllib.request.Request(f"{address}/api/kernels",
                                     headers={"Authorization": f"token {token}"})
    urllib.request.urlopen(request).close()


@pytest.fixture
def look(page):
    """Takes a screenshot, to be looked at by a person."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return lambda name: page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))
