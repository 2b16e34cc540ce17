"""The same figure in a real JupyterLab: Python draws it, the mouse moves it, Python reads it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat.v4 as nb
import pytest
from playwright.sync_api import TimeoutError

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 180  # seconds: on a slow machine under load, lab, kernel and figure take their time
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    }
}


def wait_for_address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """The address that the server writes down once it listens."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and server.poll() is None:
        for found in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(found.read_text("utf-8"))["url"]
            except json.JSONDecodeError:
                break  # it is still being written
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab that knows nothing of this user: its address and its folder of notebooks."""
    home = tmp_path_factory.mktemp("lab")
    folders = {name: home / name for name in ("config", "data", "ipython", "notebooks", "runtime")}
    for folder in folders.values():
        folder.mkdir()
    settings = home / "settings"
    settings.mkdir()
    (settings / "overrides.json").write_text(json.dumps(OVERRIDES), "utf-8")
    log = home / "log.txt"
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "IPYTHONDIR": str(folders["ipython"]),
    }
    options = (
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folders['notebooks']}",
        f"--LabApp.app_settings_dir={settings}",
        f"--LabApp.user_settings_dir={home / 'user'}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        "--LabApp.extension_manager=readonly",
    )
    command = (sys.executable, "-m", "jupyterlab", *options)
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        yield wait_for_address(server, folders["runtime"], log), folders["notebooks"]
    finally:
        server.terminate()  # the server ends its kernels first
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


FOLD = {"jupyter": {"source_hidden": True}}  # as the made notebooks have it


def write_notebook(path: Path, *cells: str) -> None:
    """Cells that begin with a title are folded."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = [
        nb.new_code_cell(cell, metadata=FOLD if cell.startswith("#@title") else {})
        for cell in cells
    ]
    notebook = nb.new_notebook(cells=made, metadata=kernel)
    path.write_text(nb.writes(notebook), "utf-8")


def run_cell(page, number: int):
    """Run a cell by keyboard, and wait until it has run; its element."""
    # Keys that come while the notebook knows of no kernel open a dialog that asks for one.
    page.locator(".jp-KernelName", has_text="Python 3").wait_for()
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputPrompt")
    for _ in range(PATIENCE // 15):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        with suppress(TimeoutError):  # JupyterLab drops keys while the kernel starts
            prompt.filter(has_text=re.compile(r"[*\d]")).wait_for(timeout=15_000)
            break
    prompt.filter(has_text=re.compile(r"\d")).wait_for()
    failed = cell.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    assert failed.count() == 0, failed.first.inner_text()
    return cell


def test_python_reads_what_the_mouse_did(lab, open_page):
    address, folder = lab
    show = "from cnnlab.widgets import ConvolutionStepper\nstepper = ConvolutionStepper()\nstepper"
    read = "print('read', stepper.position, stepper.seen, stepper.stride)"
    write_notebook(folder / "figure.ipynb", show, read, "stepper.stride = 1", read)
    page = open_page(f"{address}doc/tree/figure.ipynb")
    page.set_default_timeout(PATIENCE * 1000)
    # On a slow machine JupyterLab may still ask which kernel it should use: the one it offers.
    asked = page.locator("dialog.jp-Dialog")
    page.add_locator_handler(asked, lambda: asked.locator(".jp-mod-accept").click())

    figure = run_cell(page, 0).locator(".cnnlab")
    figure.get_by_role("button", name="Stride").last.click()  # more
    figure.locator("[aria-valuemax='4']").wait_for()
    figure.get_by_role("button", name="Step").click()
    figure.locator("[aria-valuenow='2']").wait_for()
    run_cell(page, 1).get_by_text("read 1 [0, 1] 2").wait_for()

    # JupyterLab has shortcuts for the same keys; they must not reach past the figure.
    figure.get_by_role("slider").focus()
    for key, now in [("ArrowDown", 4), ("ArrowUp", 2), ("End", 4), ("Home", 1), ("ArrowRight", 2)]:
        page.keyboard.press(key)
        figure.locator(f"[aria-valuenow='{now}']").wait_for()
    assert figure.get_by_role("slider").evaluate("el => el === document.activeElement")

    run_cell(page, 2)  # and the other way: Python changes the figure
    figure.locator("[aria-valuemax='16']").wait_for()
    run_cell(page, 3).get_by_text("read 1 [0, 1, 3] 1").wait_for()


def test_a_fold_shows_its_title_and_its_picture_and_a_guess_stays_on_the_device(lab, open_page):
    address, folder = lab
    draw = (
        '#@title Draw: a row { display-mode: "form" }\n'
        "from cnnlab.plots import by_hand, show\nshow(by_hand([[1, 2]], [[3]], [[3, 6]]))"
    )
    ask = "from cnnlab.widgets import Predict\nPredict('Two times three?', 6)"
    write_notebook(folder / "fold.ipynb", ask, draw)
    page = open_page(f"{address}doc/tree/fold.ipynb")
    page.set_default_timeout(PATIENCE * 1000)
    asked = page.locator("dialog.jp-Dialog")
    page.add_locator_handler(asked, lambda: asked.locator(".jp-mod-accept").click())

    figure = run_cell(page, 0).locator(".cnnlab")
    figure.get_by_label("Your guess", exact=True).fill("7")
    figure.get_by_label("Your guess", exact=True).press("Enter")
    figure.get_by_text("You said 7. It is 6: your guess is 1.2 times too high.").wait_for()

    folded = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    folded.get_by_text("Draw: a row").wait_for()
    assert not folded.get_by_text("from cnnlab.plots").is_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    picture = folded.locator(".jp-RenderedSVG").locator("img, svg").first
    picture.wait_for()
    assert picture.bounding_box()["width"] > 50
    figure.get_by_text("You said 7.").wait_for()  # the guess outlives a second run
