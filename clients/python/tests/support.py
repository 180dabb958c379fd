"""The real server, on a port and a data folder of its own, and a proxy in front of it that a test can cut."""
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests/vectors/client"
BINARIES = pathlib.Path(os.environ.get("TOGGLECAST_BIN_DIR", ROOT / "build/release/bin"))
DEADLINE = 30 * float(os.environ.get("TOGGLECAST_TEST_PATIENCE", "1"))
PASSWORD = "correct horse battery staple"
_keys = itertools.count(1)


def own(prefix):
    """A key that nobody else uses."""
    return f"{prefix}-{next(_keys)}"


def until(condition, what):
    """Asks again and again until the answer is truthy."""
    end = time.monotonic() + DEADLINE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {DEADLINE:g} s")
        time.sleep(0.01)


class Server:
    def __init__(self):
        self.data = tempfile.mkdtemp(prefix="togglecast-python-")
        self.port, self.url, self.token, self.process = 0, "", "", None

    def start(self, *options):
        """Starts it, on the port of its last life if it had one."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOGGLECAST_")}
        output = open(os.path.join(self.data, "output"), "w+")
        self.process = subprocess.Popen(
            [BINARIES / "togglecast", "serve", "--port", str(self.port), "--data", self.data, "--exempt-loopback", "--write-rate", "1000",
             "--write-burst", "1000", "--admin-token-lifetime", "86400", *options],
            stdout=output, stderr=output, env={**environment, "TOGGLECAST_OWNER_PASSWORD": PASSWORD})

        def address():
            text = pathlib.Path(output.name).read_text()
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended:\n{text}")
            return re.search(r"Address +(http://localhost:(\d+))", text)

        found = until(address, "a running server")
        output.close()
        self.url, self.port = found[1], int(found[2])
        self.token = self.token or self.call("POST", "/api/v1/auth/login", {"username": "owner", "password": PASSWORD})["token"]
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def end(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def call(self, method, target, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        while True:
            request = urllib.request.Request(self.url + target, None if body is None else json.dumps(body).encode(), headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise AssertionError(f"{method} {target} answered {error.code}: {error.read()}") from None
                time.sleep(float(error.headers.get("Retry-After", 1)))  # as the server asks

    def world(self, features=None, limits=None, attributes=None):
        """A package with these features, and a client on it with a token."""
        made = {key: self.call("POST", "/api/v1/features", {"key": own(key), "name": key, **more}) for key, more in (features or {}).items()}
        assigned = [{"feature_id": one["id"], **({"limit": limits[key]} if key in (limits or {}) else {})} for key, one in made.items()]
        plan = self.call("POST", "/api/v1/packages", {"key": own("plan"), "name": "Plan", "features": assigned})
        client = self.call("POST", "/api/v1/clients",
                           {"key": own("client"), "name": "Client", "package_id": plan["id"], "attributes": attributes or {}})
        return World(made, plan, client, self.issue(client["id"]))

    def issue(self, client, **more):
        return self.call("POST", f"/api/v1/clients/{client}/tokens", more)["token"]

    def toggle(self, feature, enabled):
        self.call("POST", f"/api/v1/features/{feature['id']}/toggle", {"enabled": enabled})


class World:
    def __init__(self, features, plan, client, token):
        self.features, self.plan, self.client, self.token = features, plan, client, token

    def key(self, name):
        return self.features[name]["key"]


class Proxy:
    """A way to the server that can be closed. `answer` is what it says to connections instead, when set."""

    def __init__(self, server):
        self._far = server.port
        self._links = set()
        self.open, self.answer, self.tries = True, None, 0
        self._held, self._holding = None, threading.Lock()  # what the server says, and nobody hears yet
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.tries += 1
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with contextlib.closing(near):
            self._carry(near)

    def _carry(self, near):
        if not self.open:
            return
        if self.answer is not None:
            with contextlib.suppress(OSError):
                near.recv(65536)
                near.sendall(self.answer)
            return
        with contextlib.suppress(OSError), socket.create_connection(("localhost", self._far)) as far:
            pair = (near, far)
            self._links.add(pair)
            back = threading.Thread(target=self._pump, args=(far, near, self._kept), daemon=True)
            back.start()
            self._pump(near, far)
            back.join()
            self._links.discard(pair)

    @staticmethod
    def _pump(source, target, kept=lambda data, target: False):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not kept(data, target):
                    target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _kept(self, data, target):
        with self._holding:
            if self._held is not None:
                self._held.append((data, target))
            return self._held is not None

    def hold(self):
        """Keeps what the server says from now on. `release` gives it to the client, all at once."""
        self._held = []

    def said(self):
        with self._holding:
            return b"".join(data for data, _ in self._held)

    def release(self):
        with self._holding:
            held, self._held = self._held, None
            for target in {target for _, target in held}:
                target.sendall(b"".join(data for data, near in held if near is target))

    def let(self, through):
        self.open = through
        if not through:
            for pair in list(self._links):
                for one in pair:
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.let(False)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
