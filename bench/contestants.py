"""Servers under measurement, each with a load generator of its own."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time

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


class Contestant:
    """A server process and the clients that talk to it."""

    def __init__(self, name, kind, load=None, **options):
        self.name = name
        if kind == "togglecast":
            options = {"shards": 1, **options}
        options = {key.replace("_", "-"): value for key, value in options.items()}
        self.server = subprocess.Popen(command(kind, options), stdout=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"{name} did not start")
        self.load = subprocess.Popen(
            [os.path.join(BIN, "bench-load"), "--port", line.split()[2], "--process", str(self.server.pid), *(load or [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

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
        for process in (self.load, self.server):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
