# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium at the other end of a pair of pipes.

Speaks the DevTools protocol (JSON, ended by a NUL) with nothing but the
standard library. The browser gets a profile of its own and no network worth
the name: every host resolves to nothing. It ends with this process, and a
deadline ends both.
"""
import base64
import json
import os
import select
import signal
import subprocess
import tempfile
import time

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync
--disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe""".split()


class Browser:
    def __init__(self, program, seconds=200):
        self.deadline = time.monotonic() + seconds
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self.write_to = os.pipe()
        self.read_from, from_child = os.pipe()
        # The browser's ends must be descriptors 3 and 4 there.
        self.child = subprocess.Popen(
            ["/bin/sh", "-c",
             f'exec 8<&{to_child} 9>&{from_child} 3<&8 4>&9; exec "$@"', "sh",
             program, *FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(to_child, from_child), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.buffer = b""
        self.serial = 0
        self.session = None
        self.events = []

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
        self.profile.cleanup()

    def _message(self):
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_from], [], [], left)[0]:
                raise TimeoutError("the browser does not answer in time")
            more = os.read(self.read_from, 1 << 20)
            if not more:
                raise EOFError("the browser has ended")
            self.buffer += more
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_to, json.dumps(message).encode() + b"\0")
        while True:
            got = self._message()
            if got.get("id") == self.serial:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]
            self.events.append(got)

    def wait_for(self, event):
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self._message())

    def open(self, path, width, height, dark=False):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for("Page.loadEventFired")

    def js(self, expression):
        got = self.call("Runtime.evaluate", expression=expression,
                        returnByValue=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"])
        return got["result"].get("value")

    def key(self, name, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode=code)

    def point_at(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def screenshot(self, path, whole=True):
        got = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        data = base64.b64decode(got["data"])
        with open(path, "wb") as file:
            file.write(data)
        return data

    def pdf(self, path):
        got = self.call("Page.printToPDF", printBackground=True,
                        preferCSSPageSize=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(got["data"]))
