"""The web page in a real browser, without JavaScript."""

import socket
import struct

import pytest
from browser import Browser
from supervisord_peers import OURS
from waiting import eventually

PROGRAMS = """
[program:cat]
command=/bin/cat
stdout_logfile=%(here)s/cat.log
startsecs=0
[program:broken]
command=/no/such
startretries=0
"""


@pytest.fixture
def browser(tmp_path):
    made = Browser(tmp_path / "browser")
    yield made
    made.end()


@pytest.fixture
def page(supervisord_run):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = supervisord_run(OURS, f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=secret\n" + PROGRAMS).start()
    run.reaches("cat", "RUNNING")
    run.reaches("broken", "FATAL")
    run.page = f"http://me:secret@127.0.0.1:{port}/"
    return run


def button(action, name="cat:cat"):
    return f'form:has(input[value="{action}"]):has(input[value="{name}"]) button'


def test_every_button_does_what_it_says(page, browser):
    browser.open(page.page)
    browser.shows('class="s RUNNING"')
    assert 'class="s FATAL"' in browser.html() and "/no/such" in browser.html()
    first = page.rpc.getProcessInfo("cat")["pid"]
    browser.click(button("restart"))
    browser.shows("cat is restarting")
    eventually(lambda: page.rpc.getProcessInfo("cat")["pid"] not in (0, first))
    # What the page has shown was on its way.
    browser.click(button("refresh", ""))
    browser.shows("Page refreshed")
    browser.click(button("stop"))
    browser.shows("cat is stopping")
    page.reaches("cat", "STOPPED")
    browser.click(button("refresh", ""))
    browser.shows('class="s STOPPED"')
    browser.click(button("start"))
    browser.shows("cat started")
    page.reaches("cat", "RUNNING")
    page.rpc.sendProcessStdin("cat", "a <b>line</b>\n")
    eventually(lambda: (page.folder / "cat.log").read_text())
    browser.click('a[href*="cat%3Acat"][href*="channel=stdout"]')
    browser.shows("a &lt;b&gt;line&lt;/b&gt;")
    browser.click('a[href="/"]')
    browser.click(button("clearlog"))
    browser.shows("The log of cat is cleared")
    eventually(lambda: (page.folder / "cat.log").read_text() == "")
    browser.click(button("stopall", ""))
    browser.shows("All processes are stopping")
    page.reaches("cat", "STOPPED")
    browser.click(button("startall", ""))
    browser.shows("All processes started")
    page.reaches("cat", "RUNNING")
    browser.click('a[href="/tail.html"]')
    browser.shows("supervisord started with pid")


def test_it_is_drawn_and_fits_the_window(page, browser):
    browser.open(page.page)
    browser.shows('class="s RUNNING"')
    picture = browser.screenshot()
    assert picture.startswith(b"\x89PNG") and struct.unpack(">II", picture[16:24])[0] >= 1000
    assert len(picture) > 10_000, "it is not blank"
    assert browser.call("Page.getLayoutMetrics")["cssContentSize"]["width"] <= 1200
