"""A real browser without a window: Chromium, told what to do over its debugging pipe. No script runs in the pages."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

from waiting import SLOWNESS, eventually


class Refused(Exception):
    """Most often: the page has gone while it was looked at."""


class Browser:
    def __init__(self, folder, width=1200, height=700):
        to_read, our_write = os.pipe()
        our_read, to_write = os.pipe()
        command = [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                   "--disable-background-networking", f"--user-data-dir={folder}", f"--window-size={width},{height}",
                   "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *command],
                                        pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.read, self.write, self.received, self.number, self.session = our_read, our_write, b"", 0, None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 30 * SLOWNESS
        while True:
            while b"\0" in self.received:
                text, self.received = self.received.split(b"\0", 1)
                answer = json.loads(text)
                if answer.get("id") == self.number:
                    if "error" in answer:
                        raise Refused(method, answer["error"])
                    return answer["result"]
            assert select.select([self.read], [], [], max(0, deadline - time.monotonic()))[0], f"no answer to {method}"
            part = os.read(self.read, 1 << 20)
            assert part, "the browser has ended"
            self.received += part

    def open(self, url):
        self.call("Page.navigate", url=url)

    def node(self, selector):
        """0 when there is none."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        return self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]

    def html(self):
        try:
            return self.call("DOM.getOuterHTML", nodeId=self.call("DOM.getDocument")["root"]["nodeId"])["outerHTML"]
        except Refused:
            return ""

    def shows(self, text, seconds=10):
        eventually(lambda: text in self.html(), seconds, f"the page shows {text}")

    def page(self):
        return self.call("Page.getFrameTree")["frameTree"]["frame"]["loaderId"]

    def place_of(self, selector):
        try:
            node = self.node(selector)
            if node:
                self.call("DOM.scrollIntoViewIfNeeded", nodeId=node)
                return self.call("DOM.getBoxModel", nodeId=node)["model"]["border"]
        except Refused:
            pass
        return None

    def click(self, selector):
        """With the mouse, in the middle of it. It leads to another page, and that is waited for."""
        before = self.page()
        quad = eventually(lambda: self.place_of(selector), 10, selector)
        x, y = sum(quad[0::2]) / 4, sum(quad[1::2]) / 4
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        eventually(lambda: self.page() != before, 10, f"{selector} leads to another page")

    def screenshot(self):
        """PNG bytes."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def end(self):
        os.close(self.write)
        os.close(self.read)
        self.process.kill()
        self.process.wait()
