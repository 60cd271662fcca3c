"""Drive JupyterLab in a real browser through start_here: Run All, then move the slider.

Needs Debian's chromium (or another one on the path) and playwright; skipped where either is missing.
Set KERNELSTAB_SCREENSHOTS to a folder to keep what was seen.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

api = pytest.importorskip("playwright.sync_api")
pytest.importorskip("jupyterlab")

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on the path")


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab server on a copy of the notebooks, so that nothing is saved over."""
    folder = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
               f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
               "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = (tmp_path / "server.log").open("w")
    server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(120):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/lab/tree/start_here.ipynb?token={token}&reset"
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def keep(page, name):
    """Save a screenshot if the caller asked for them."""
    folder = os.environ.get("KERNELSTAB_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder, name)))


def prompts(page):
    return page.eval_on_selector_all(".jp-CodeCell .jp-InputArea-prompt",
                                     "nodes => nodes.map(n => n.textContent.trim())")


def test_run_all_and_slider(lab):
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, headless=True, args=QUIET)
        page = browser.new_page(viewport={"width": 1300, "height": 1600})
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_timeout(3000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            found = prompts(page)
            if found and all(re.fullmatch(r"\[\d+\]:", p) for p in found):
                break
            page.wait_for_timeout(500)
        assert all(re.fullmatch(r"\[\d+\]:", p) for p in prompts(page)), prompts(page)
        assert page.locator(".jp-OutputArea-output[data-mime-type$='error']").count() == 0
        keep(page, "after-run-all.png")

        handle = page.locator(".jupyter-widgets .noUi-handle").first
        handle.scroll_into_view_if_needed()
        readout = page.locator(".jupyter-widgets .widget-readout").first
        picture = page.locator(".jupyter-widgets img, .widget-output img").first
        before, seen = readout.inner_text(), picture.get_attribute("src")
        keep(page, "slider-before.png")
        handle.focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(3000)
        keep(page, "slider-after.png")
        assert int(readout.inner_text()) == int(before) + 20
        assert picture.get_attribute("src") != seen, "the figure did not follow the slider"
        browser.close()
