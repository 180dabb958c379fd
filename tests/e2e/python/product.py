"""Debian's python3-socketio as a client of the product: product.py URL TOKEN TRANSPORTS

Its handlers take exactly one argument, so it asks for events without offsets. Prints one JSON line for the
greeting and one for the first platform_update.
"""
import json
import os
import queue
import sys
import traceback

import socketio

DEADLINE = 20


def main(url, token, transports):
    greetings, updates = queue.Queue(), queue.Queue()
    client = socketio.Client(reconnection=False, handle_sigint=False)

    @client.on("client_connected", namespace="/client")
    def client_connected(data):
        greetings.put(data)

    @client.on("platform_update", namespace="/client")
    def platform_update(data):
        updates.put(data)

    client.connect(url, namespaces=["/client"], transports=transports.split(","),
                   auth={"token": token, "offsets": False}, wait_timeout=DEADLINE)
    print(json.dumps(greetings.get(timeout=DEADLINE)), flush=True)
    print(json.dumps(updates.get(timeout=DEADLINE)), flush=True)
    client.disconnect()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
