"""The same server on Flask-SocketIO over gevent: answers the load generator in the same words."""
import base64
import hashlib
import hmac
import json
import sys
import time

from flask import Flask
from flask_socketio import SocketIO, emit, join_room
from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
key = options.get("--token-key")
news = "x" * (int(options.get("--bytes", 200)) - 13)

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent", serve_client=False)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def token_is_good(token):
    head, body, signature = token.split(".")
    expected = hmac.new(key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return hmac.compare_digest(expected, decoded(signature)) and json.loads(decoded(body))["exp"] > time.time()


@socketio.on("connect")
def connect(auth):
    if key and not token_is_good(auth["token"]):
        return False
    join_room("plan:gold")
    join_room("tenant:seven")


@socketio.on("echo")
def echo(value):
    return value


@socketio.on("go")
def go(times):
    for _ in range(times):
        emit("news", news, to="plan:gold")


server = pywsgi.WSGIServer(("127.0.0.1", 0), app, handler_class=WebSocketHandler, log=None)
server.start()
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
