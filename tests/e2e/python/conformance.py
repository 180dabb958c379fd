"""Debian's python3-socketio against the conformance server: conformance.py URL SCENARIO TRANSPORTS

Prints nothing when all is well; an exception otherwise. TRANSPORTS is a comma-separated list.
"""
import collections
import logging
import os
import queue
import random
import sys
import traceback

import engineio.payload
from ordered import Client

DEADLINE = 30


class Recorder:
    """A connected client whose events can be awaited."""

    def __init__(self, url, transports, namespace="/", path="opts", auth=None, wait=True, **options):
        self.namespace = namespace
        self.events = collections.defaultdict(queue.Queue)
        self.client = Client(**{"reconnection": False, "handle_sigint": False, **options})
        for name in ("auth", "message-back", "answer", "answers", "burst", "room-msg", "all-msg", "disconnect", "connect_error"):
            self.client.on(name, self._keep(name), namespace=namespace)
        self.client.on("question", lambda *args: args[::-1], namespace=namespace)
        self.client.connect(url, socketio_path=path, transports=transports, namespaces=[namespace], auth=auth, wait=wait, wait_timeout=DEADLINE)

    def _keep(self, name):
        return lambda *args: self.events[name].put(args)

    def next(self, name):
        return self.events[name].get(timeout=DEADLINE)

    def emit(self, event, *args):
        self.client.emit(event, args, namespace=self.namespace)

    def ask(self, event, *args):
        return self.client.call(event, args, namespace=self.namespace, timeout=DEADLINE)

    def close(self):
        self.client.disconnect()


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def own_namespace():
    """A client that polls may be gone without its server knowing: nobody is to meet it later."""
    return f"/dyn-{random.randrange(10**9)}"


def messages(url, transports):
    client = Recorder(url, transports)
    equal(client.next("auth"), ({},))
    for args in ((), (1, "two", None, True, 0.5), ({"a": [1, {"b": []}]},), ("é€😀",), (b"\x00\x01\xff",), ({"deep": [b"", {"x": b"\x07" * 300}]}, "text")):
        client.emit("message", *args)
        equal(client.next("message-back"), args)
    equal(client.ask("message-with-ack", "x"), "x")
    equal(client.ask("message-with-ack", 1, b"\x02"), (1, b"\x02"))
    equal(client.ask("text", 9000), "x" * 9000)
    equal(client.ask("bytes", 9000), b"\x07" * 9000)
    equal(client.ask("sid"), client.client.get_sid(client.namespace))
    client.close()


def asking(url, transports):
    client = Recorder(url, transports, namespace=own_namespace())
    client.emit("ask", 1, "two", b"\x03")
    equal(client.next("answer"), (b"\x03", "two", 1))
    client.emit("ask-all", 5000, "a", "b")
    equal(client.next("answers"), ("ok", ["b"]))
    client.emit("ask-timeout", 5000)
    equal(client.next("answer"), ("ok",))
    client.close()


def order(url, transports):
    # by itself this client gives up on a poll answer of more than 16 packets
    engineio.payload.Payload.max_decode_packets = 1000
    client = Recorder(url, transports)
    client.emit("burst", 500)
    for n in range(300):
        client.emit("message", n)
    equal([client.next("burst") for _ in range(500)], [(n,) for n in range(500)])
    equal([client.next("message-back") for _ in range(300)], [(n,) for n in range(300)])
    client.close()


def rooms(url, transports):
    namespace = own_namespace()
    a, b = (Recorder(url, transports, namespace=namespace) for _ in range(2))
    equal(b.ask("join", "r"), ["r"])
    a.emit("to-room", "r", "hello", b"\x01")
    equal(b.next("room-msg"), ("hello", b"\x01"))
    equal(a.ask("count"), 2)
    a.emit("all", {"to": "everyone"})
    for client in (a, b):
        equal(client.next("all-msg"), ({"to": "everyone"},))
    equal(b.ask("leave", "r"), [])
    a.close()
    b.close()


def namespaces(url, transports):
    good = Recorder(url, transports, namespace="/auth", auth={"token": "good"})
    equal(good.next("auth"), ({"token": "good"},))
    good.close()
    refusals = (
        ("/auth", {"token": "bad"}, {"message": "Not authorized"}),
        ("/auth", {"detail": 1}, {"message": "Not authorized", "data": {"code": "E_AUTH", "tries": 3}}),
        ("/nope", None, {"message": "Invalid namespace"}),
    )
    for namespace, auth, error in refusals:
        client = Recorder(url, transports, namespace=namespace, auth=auth, wait=False)
        equal(client.next("connect_error"), (error,))
        client.close()


def leaving(url, transports):
    client = Recorder(url, transports)
    client.emit("disconnect-me")
    client.next("disconnect")
    client = Recorder(url, transports, reconnection=True, reconnection_delay=0.05, randomization_factor=0)
    client.next("auth")
    client.emit("close-me")
    client.next("disconnect")
    try:
        client.events["auth"].get(timeout=5)
    except queue.Empty:
        # a DISCONNECT, or a close packet in a poll, means to this client that nobody wants it back
        client = Recorder(url, transports)
        client.next("auth")
    equal(client.ask("message-with-ack", "back again"), "back again")
    client.close()


def heartbeats(url, transports):
    pings = queue.Queue()

    class Listener(logging.Handler):
        def emit(self, record):
            if "Received packet PING" in record.getMessage():
                pings.put(record)

    log = logging.Logger("engineio")
    log.addHandler(Listener())
    client = Recorder(url, transports, path="socket.io", engineio_logger=log)
    for _ in range(4):
        pings.get(timeout=DEADLINE)
    equal(client.ask("sid"), client.client.get_sid("/"))
    client.close()


if __name__ == "__main__":
    try:
        globals()[sys.argv[2]](sys.argv[1], sys.argv[3].split(","))
    except BaseException:
        # the client's threads would keep a failed script alive
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
