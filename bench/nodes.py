"""PostgreSQL, Redis and nodes of Togglecast for measurements, each in a temporary folder."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PASSWORD = "for-measurements-only"


def programs(folder, *names):
    """The folder of the programs; builds `names` when none is given."""
    if folder is not None:
        return pathlib.Path(folder).resolve()
    for step in (["cmake", "--preset", "release", "-DTOGGLECAST_BENCH=ON"], ["cmake", "--build", "build/release", "--target", *names]):
        subprocess.run(step, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return ROOT / "build/release/bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what):
    end = time.monotonic() + 120
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"no {what}")
        time.sleep(0.05)


class Postgres:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tg-pg-")
        os.chmod(self.folder.name, 0o755)
        self.url = self.url_of("togglecast")
        self.process = subprocess.Popen(
            [ROOT / "tests/servers/postgres", self.folder.name, "fsync=on", "full_page_writes=on", "shared_buffers=128MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.query("SELECT 1") == "1", "PostgreSQL")

    def url_of(self, database):
        return f"postgresql://togglecast@/{database}?host={self.folder.name}"

    def query(self, sql):
        done = subprocess.run(["psql", self.url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.folder.cleanup()


class Redis:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tg-redis-")
        self.url = f"unix://{self.folder.name}/redis.sock"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", f"{self.folder.name}/redis.sock", "--dir", self.folder.name, "--save", ""],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: os.path.exists(f"{self.folder.name}/redis.sock"), "Redis")

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Node:
    def __init__(self, program, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="togglecast-bench-")
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "serve", "--port", str(self.port), "--data", self.folder.name, "--exempt-loopback",
             "--connections-per-client", "1000000", "--admin-token-lifetime", "86400", "--write-rate", "1000000", "--write-burst", "1000000", *options],
            env={**os.environ, "TOGGLECAST_OWNER_PASSWORD": PASSWORD}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.call("GET", "/readyz")[0] == 200, "node that is ready")
        self.token = self.call("POST", "/api/v1/auth/login", {"username": "owner", "password": PASSWORD})[1]["token"]

    def call(self, method, path, body=None, connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except OSError:
            return 0, None

    def made(self, path, body):
        """What a POST has made."""
        status, answer = self.call("POST", "/api/v1" + path, body)
        if status != 201:
            raise SystemExit(f"POST {path}: {status} {answer}")
        return answer

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
