"""Debian's python3-socketio, with handlers called in the order in which the transport delivered.

By itself this client gives each packet to a thread of its own. On a busy machine these threads run in any order: events
overtake each other, and an attachment overtakes the event that it belongs to. That is no matter of the server's.
"""
import queue
import threading

import engineio
import socketio


class OrderedEngine(engineio.Client):
    """One thread handles all packets, one after the other."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._arrived = queue.Queue()
        threading.Thread(target=self._handle_all, daemon=True).start()

    def _trigger_event(self, event, *args, **options):
        if event != "message" or not options.get("run_async"):
            return super()._trigger_event(event, *args, **options)
        self._arrived.put(args)

    def _handle_all(self):
        while True:
            super()._trigger_event("message", *self._arrived.get())


class Client(socketio.Client):
    """By itself it gives up on a POST whose answer takes five seconds, which it may on a busy machine."""

    def __init__(self, **options):
        super().__init__(**{"request_timeout": 60, **options})

    def _engineio_client_class(self):
        return OrderedEngine
