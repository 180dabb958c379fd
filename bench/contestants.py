"""Servers under measurement, each with a load generator of its own."""
import atexit
import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BIN = os.path.join(ROOT, "build", "release", "bin")
TOKEN_KEY = "a-key-for-measurements-only-0123456789"


def token():
    """An HS256 token that is good for a day."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    text = part({"alg": "HS256", "typ": "JWT"}) + "." + part({"sub": "client", "exp": int(time.time()) + 86400})
    signature = hmac.new(TOKEN_KEY.encode(), text.encode(), hashlib.sha256).digest()
    return text + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def command(kind, options):
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    if kind == "togglecast":
        return [os.path.join(BIN, "bench-server"), *arguments]
    if kind == "floor":
        return [os.path.join(BIN, "bench-floor"), *arguments]
    if kind == "node":
        return ["node", os.path.join(HERE, "peers", "node", "server.mjs"), *arguments]
    if kind == "flask":
        return ["/usr/bin/python3", os.path.join(HERE, "peers", "flask", "server.py"), *arguments]
    raise ValueError(kind)


def post(port, path, body=None, bearer=None, method="POST"):
    headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + bearer} if bearer else {})}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", method=method, headers=headers,
                                     data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


class Contestant:
    """A server process and the clients that talk to it."""

    def __init__(self, name, kind, load=None, **options):
        self.name = name
        self.folder = self.load = self.server = None
        atexit.register(self.stop)
        if kind == "product":
            self._start_product(options)
            load = [*self.login, *(load or [])]
        else:
            self._start(kind, options)
        self.arguments = [os.path.join(BIN, "bench-load"), "--port", self.port, "--process", str(self.server.pid), *(load or [])]
        self._start_load()

    def _start_load(self):
        self.load = subprocess.Popen(self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def with_load(self, *more):
        """The same with a load generator that has these options as well."""
        self._end(self.load)
        self.arguments += more
        self._start_load()
        return self

    def _start(self, kind, options):
        if kind == "togglecast":
            options = {"shards": 1, **options}
        options = {key.replace("_", "-"): value for key, value in options.items()}
        self.server = subprocess.Popen(command(kind, options), stdout=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"{self.name} did not start")
        self.port = line.split()[2]

    def _start_product(self, options):
        """`togglecast serve`, with the token of one client."""
        self.folder = tempfile.TemporaryDirectory(prefix="togglecast-bench-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        password = "for-measurements-only"
        demo = options.pop("demo", False)
        options = {"connections_per_client": 1_000_000, "admin_token_lifetime": 86_400, **options}
        arguments = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", str(value))]
        arguments += ["--demo"] if demo else []
        log = os.path.join(self.folder.name, "log")
        self.server = subprocess.Popen(
            [os.path.join(BIN, "togglecast"), "serve", "--data", self.folder.name, "--port", self.port, "--exempt-loopback", *arguments],
            env={**os.environ, "TOGGLECAST_OWNER_PASSWORD": password}, stdout=subprocess.PIPE, stderr=open(log, "w"), text=True)
        deadline = time.time() + 20
        while True:
            try:
                admin = post(self.port, "/auth/login", {"username": "owner", "password": password})["token"]
                break
            except OSError:
                if time.time() > deadline or self.server.poll() is not None:
                    sys.exit(f"{self.name} did not start:\n{open(log).read()}")
        self.admin = admin
        self.client = client = post(self.port, "/clients", {"key": "bench", "name": "Bench"}, admin)["id"]
        if demo:  # on the package with the most features
            packages = post(self.port, "/packages", None, admin, "GET")["items"]
            largest = max(packages, key=lambda package: len(package["features"]))
            post(self.port, f"/clients/{client}", {"package_id": largest["id"]}, admin, "PATCH")
        self.login = ["--greeting", "1", "--namespace", "/client,", "--token", post(self.port, f"/clients/{client}/tokens", None, admin)["token"]]

    def write(self, method, path, body):
        """Of a product: a change by its admin."""
        return post(self.port, path, body, self.admin, method)

    def ask(self, words):
        self.begin(words)
        return self.answer()

    def begin(self, words):
        self.load.stdin.write(words + "\n")
        self.load.stdin.flush()

    def answer(self):
        line = self.load.stdout.readline()
        if not line:
            sys.exit(f"{self.name}: the load generator ended")
        return json.loads(line)

    def stop(self):
        atexit.unregister(self.stop)
        for process in (self.load, self.server):
            if process:
                self._end(process)
        if self.folder:
            self.folder.cleanup()

    @staticmethod
    def _end(process):
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
