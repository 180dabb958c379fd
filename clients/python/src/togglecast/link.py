"""One connection of the stock client, python-socketio. It connects once; another attempt is another link."""
from __future__ import annotations

import logging
import struct
import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

import engineio
import requests
import socketio
import websocket

NAMESPACE = "/client"
log = logging.getLogger("togglecast.transport")
if log.level == logging.NOTSET:
    log.setLevel(logging.CRITICAL)  # a connection that ends is no news: the status says so


@dataclass(frozen=True)
class Options:
    """How to reach the server."""

    transports: Sequence[str] = ("websocket", "polling")
    path: str = "socket.io"
    headers: Optional[Mapping[str, str]] = None
    verify: Union[bool, str] = True  # False, or a file of certificates
    timeout: float = 20  # seconds, of one attempt


@dataclass(frozen=True)
class End:
    """What a failed transport says about coming back."""

    message: str = ""
    code: Optional[int] = None  # of a WebSocket
    retry_after: Optional[float] = None  # ms


def _seconds(headers: Optional[Mapping[str, str]]) -> Optional[float]:
    for name, value in (headers or {}).items():
        if name.lower() == "retry-after" and value.isdigit():
            return float(value) * 1000
    return None


class _WebSocket:
    """A WebSocket that remembers the code it was closed with. The stock client reads no further than that it is over."""

    def __init__(self, socket: Any, closed: Callable[[int], None]) -> None:
        self._socket = socket
        self._closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def recv(self) -> Union[str, bytes]:
        opcode, data = self._socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            if len(data) >= 2:
                self._closed(struct.unpack("!H", data[:2])[0])
            raise websocket.WebSocketConnectionClosedException("closed by the server")
        return data.decode("utf-8") if opcode == websocket.ABNF.OPCODE_TEXT else bytes(data)


class _Engine(engineio.Client):  # type: ignore[misc]
    """Calls the handlers in order, on its reading thread: by itself, it gives each packet a thread of its own."""

    link: "Link"
    _socket: Any = None

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        options.pop("run_async", None)
        answer = super()._trigger_event(event, *args, **options)
        if event == "disconnect":
            self.link.over()
        return answer

    def start_background_task(self, target: Callable[..., Any], *args: Any, **options: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, kwargs=options, name="togglecast-transport", daemon=True)
        thread.start()
        return thread

    @property
    def ws(self) -> Any:
        return self._socket

    @ws.setter
    def ws(self, socket: Any) -> None:
        self._socket = socket and _WebSocket(socket, self.link.closed_with)


class _Socket(socketio.Client):  # type: ignore[misc]
    def _engineio_client_class(self) -> type:
        return _Engine


class Link:
    """`hear` gets every event in order, on the reading thread; what it answers acknowledges. `ended` is called once."""

    def __init__(self, url: str, options: Options, auth: Dict[str, Any], hear: Callable[[str, Any], Any], ended: Callable[[End], None]) -> None:
        self._url = url
        self._options = options
        self._auth = auth
        self._ended = ended
        self._once = threading.Lock()
        self._code: Optional[int] = None
        self._retry_after: Optional[float] = None
        session = self._session = requests.Session()
        session.verify = options.verify
        session.hooks["response"].append(self._answered)
        self._socket = _Socket(reconnection=False, handle_sigint=False, logger=log, engineio_logger=log, http_session=session,
                               ssl_verify=options.verify is not False, request_timeout=options.timeout)
        self._socket.eio.link = self
        self._socket.on("*", hear, namespace=NAMESPACE)
        self._socket.on("connect_error", lambda problem=None, *_: hear("connect_error", problem), namespace=NAMESPACE)

    def open(self) -> None:
        """Connects, with the first transport that gets through. Returns when CONNECT is sent, or `ended` has been called."""
        problem = ""
        for transport in self._options.transports:
            try:
                self._socket.connect(self._url, headers=dict(self._options.headers or {}), auth=self._auth, transports=[transport],
                                     namespaces=[NAMESPACE], socketio_path=self._options.path, wait=False)
                return
            except (socketio.exceptions.ConnectionError, OSError, ValueError) as error:
                problem = self._learn(error)
                if self._retry_after is not None:
                    break
        self.over(problem)

    def emit(self, name: str, body: Mapping[str, Any], answer: Optional[Callable[[Any], None]] = None) -> None:
        """Sends an event. On a connection that has ended it does nothing."""
        try:
            self._socket.emit(name, dict(body), namespace=NAMESPACE, callback=answer)
        except socketio.exceptions.BadNamespaceError:
            pass

    def close(self) -> None:
        self._socket.disconnect()
        self.over()
        self._release()

    def closed_with(self, code: int) -> None:
        self._code = code

    def over(self, message: str = "the connection has ended") -> None:
        if self._once.acquire(blocking=False):
            self._ended(End(message, self._code, self._retry_after))
        if self._socket.eio.state != "disconnecting":  # it says goodbye by itself
            self._release()

    def _release(self) -> None:
        """The stock client leaves the sockets of a lost connection to the garbage collector."""
        if self._socket.eio.ws:
            self._socket.eio.ws.shutdown()
        self._session.close()

    def _answered(self, response: Any, *_: Any, **__: Any) -> None:
        if response.status_code >= 400:
            self._retry_after = _seconds(response.headers)

    def _learn(self, error: Optional[BaseException]) -> str:
        """What is behind an error of the stock client, which says less than it knows."""
        message = str(error)
        while error is not None:
            if isinstance(error, websocket.WebSocketBadStatusException):
                self._retry_after = _seconds(getattr(error, "resp_headers", None))
            message = str(error) or message
            error = error.__context__
        return message
