"""One connection to /client: links, one after the other, driven by the machine of life.py. All of it on one agenda."""
from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from .agenda import Agenda
from .errors import TogglecastError, refused
from .life import Input, Life, step
from .link import End, Link, Options
from .version import VERSION

MOST_REQUESTS = 100
# Refusals that no other token changes, and refusals for a time.
FINAL = ("forbidden", "client_deleted", "account_")
PASSING = ("rate_limited", "unavailable", "timeout", "internal", "conflict")
MESSAGES = ("announcement", "client_notification", "system_status")
UPDATES = {f"{kind}_update": kind for kind in ("client", "platform", "feature", "package")}
Body = Dict[str, Any]


class Wires(NamedTuple):
    """What a connection asks and tells, on its agenda unless said otherwise."""

    token: Callable[[bool], str]  # on a thread of its own; `True`: another one than the last
    renewable: bool
    identified: Callable[[Optional[str]], None]  # the token that came, or none could be had
    context: Callable[[], Optional[Mapping[str, Any]]]
    began: Callable[[Body], None]
    heard: Callable[[Body], None]
    cut: Callable[[], None]
    changed: Callable[[Life], None]
    failed: Callable[[TogglecastError], None]
    message: Callable[[str, Body], None]
    wants_messages: Callable[[], bool]  # on any thread


class Request(NamedTuple):
    name: str
    body: Body
    answer: "Future[Any]"


class Connection:
    def __init__(self, agenda: Agenda, url: str, options: Options, wires: Wires) -> None:
        self.life = Life()
        self.trouble = ""  # of the last attempt
        self._agenda = agenda
        self._url = url.rstrip("/")
        self._options = options
        self._wires = wires
        self._token = ""
        self._refresh = False
        self._link: Optional[Link] = None
        self._attempts: Optional[int] = None  # the next one, in the agenda
        self._over: Optional[Body] = None  # what `session_ended` said
        self._requests: List[Request] = []

    # --- on the agenda ---

    def start(self) -> None:
        """Connects, at once."""
        self._input(Input("start"))

    def close(self) -> None:
        self._input(Input("close"))
        link, self._link = self._link, None
        if link:
            link.close()

    @property
    def open(self) -> bool:
        return self.life.phase == "open"

    def tell(self, name: str, body: Body) -> None:
        if self._link:
            self._link.emit(name, body)

    def ask(self, request: Request) -> None:
        """A request with its answer. While there is no connection it waits for the next one, also across one that ends."""
        if self.life.phase in ("failed", "closed"):
            self._settle(request.answer, TogglecastError("closed", "no connection, and none follows"))
        elif len(self._requests) >= MOST_REQUESTS:
            self._settle(request.answer, TogglecastError("rate_limited", "too many requests wait"))
        else:
            self._requests.append(request)
            if self.open:
                self._send(request)

    def login(self, body: Body, done: Callable[[Optional[TogglecastError]], None]) -> None:
        """Sends `client_connect`. Its answer is a full state; none comes on a connection that ends."""
        link = self._link

        def answered(reply: Body) -> None:
            if link is not self._link:
                return
            if "error" in reply:
                return done(refused(reply["error"]))
            self._begin(reply)
            done(None)

        if link:
            link.emit("client_connect", body, lambda reply: self._post(lambda: answered(reply)))

    # --- what comes ---

    def _hear(self, link: Link, name: str, body: Body) -> None:
        if link is not self._link:
            return
        if name in UPDATES:
            self._wires.heard({**body, "kind": UPDATES[name]})
        elif name == "client_connected":
            self._input(Input("opened"), lambda: self._begin(body))
            for request in self._requests:
                self._send(request)
        elif name == "config_sync":
            self._begin({**body["snapshot"], "revision": body["revision"], "epoch": body["epoch"]})
        elif name == "token_expiring":
            self._renew()
        elif name == "session_ended":
            self._over = body
        elif name == "connect_error":
            problem = (body or {}).get("data") or {}
            self._drop(link)
            pause = problem.get("retry_after_ms")
            self._refused(problem.get("code", "refused"), problem.get("message") or str((body or {}).get("message")), pause)
        elif name in MESSAGES:
            self._wires.message(name, body)

    def _begin(self, state: Body) -> None:
        self._wires.began(state)
        for warning in state.get("warnings") or []:
            self._wires.failed(TogglecastError("invalid_argument", f"{warning['pointer']} {warning['reason']}"))

    def _ended(self, link: Link, end: End) -> None:
        if link is not self._link:
            return
        self._link = None
        self.trouble = end.message
        self._wires.cut()
        over, self._over = self._over, None
        if over:
            return self._refused(over["reason"], over["message"])
        self._input(Input("lost" if self.open else "unreachable", code=end.code, retry_after=end.retry_after))

    def _drop(self, link: Link) -> None:
        """This link is of no use any more. Closing may wait for the other side, which the agenda shall not."""
        if link is self._link:
            self._link = None
            self._wires.cut()
        threading.Thread(target=link.close, name="togglecast-close", daemon=True).start()

    def _refused(self, code: str, message: str, retry_after: Optional[float] = None) -> None:
        self.trouble = message
        if code in PASSING:
            return self._input(Input("unreachable", retry_after=retry_after))
        self._wires.failed(TogglecastError(code, message))
        self._input(Input("refused", renewable=self._wires.renewable and not code.startswith(FINAL), retry_after=retry_after))

    # --- what to do ---

    def _input(self, event: Input, then: Callable[[], None] = lambda: None) -> None:
        """`then` is done before anybody is told."""
        before = self.life
        what = step(before, event, time.monotonic() * 1000, random.random)
        if what.life is before:
            return
        self.life = what.life
        then()
        self._refresh = self._refresh or what.refresh
        self._agenda.cancel(self._attempts)
        if what.connect is not None and self.life.phase == "trying":
            self._attempt()
        elif what.connect is not None:
            self._attempts = self._agenda.add(self.start, what.connect / 1000)
        if self.life.phase in ("failed", "closed"):
            waiting, self._requests = self._requests, []
            for request in waiting:
                self._settle(request.answer, TogglecastError("closed", "no connection, and none follows"))
        self._wires.changed(self.life)

    def _attempt(self) -> None:
        """Gets a token and connects, on a thread of its own: both may wait long."""
        life, refresh = self.life, self._refresh

        def connect(link: Link) -> None:
            if link is self._link:
                threading.Thread(target=link.open, name="togglecast-connect", daemon=True).start()
                self._agenda.add(lambda: None if self.open else self._late(link), self._options.timeout)

        def go(token: Optional[str], problem: Optional[TogglecastError]) -> None:
            if life is not self.life:
                return
            if problem:
                self.trouble = problem.message
                self._wires.failed(problem)
                return self._input(Input("unreachable"))
            self._token, self._refresh = token or "", False
            context = self._wires.context()
            auth: Body = {"token": self._token, "offsets": False, "sdk": f"togglecast-python/{VERSION}"}
            if context is not None:
                auth["context"] = context
            self._link = link = self._new_link(auth)
            connect(link)

        self._with_token(refresh, go)

    def _new_link(self, auth: Body) -> Link:
        def hear(name: str, body: Any = None, *_: Any) -> Any:
            self._post(lambda: self._hear(link, name, body))
            return self._wires.wants_messages() if name in MESSAGES else None

        link = Link(self._url, self._options, auth, hear, lambda end: self._post(lambda: self._ended(link, end)))
        return link

    def _late(self, link: Link) -> None:
        if link is self._link:
            self._drop(link)
            self.trouble = f"no answer within {self._options.timeout:g} s"
            self._input(Input("unreachable"))

    def _with_token(self, refresh: bool, then: Callable[[Optional[str], Optional[TogglecastError]], None]) -> None:
        def come(token: Optional[str], problem: Optional[TogglecastError]) -> None:
            if self.life.phase != "closed":
                self._wires.identified(token)
                then(token, problem)

        def fetch() -> None:
            try:
                token = self._wires.token(refresh)
            except Exception as cause:
                error = TogglecastError("unreachable", f"get_token failed: {cause}")
                error.__cause__ = cause
                self._post(lambda: come(None, error))
            else:
                self._post(lambda: come(token, None))

        threading.Thread(target=fetch, name="togglecast-token", daemon=True).start()

    def _renew(self) -> None:
        if not self._wires.renewable:
            return  # the server ends the session when the token does

        def done(problem: Optional[TogglecastError]) -> None:
            if problem:  # the server closes the connection when the token has expired, and the next one asks again
                self._wires.failed(problem)

        def login(token: Optional[str], problem: Optional[TogglecastError]) -> None:
            if token is None:
                return done(problem)
            self._token = token
            self.login({"token": token}, done)

        self._with_token(True, login)

    def _send(self, request: Request) -> None:
        def answered(reply: Body) -> None:
            if request not in self._requests:
                return
            self._requests.remove(request)
            problem = reply.get("error")
            self._settle(request.answer, refused(problem) if problem else None, reply)

        if self._link:
            self._link.emit(request.name, request.body, lambda reply: self._post(lambda: answered(reply)))

    def _post(self, job: Callable[[], None]) -> None:
        self._agenda.add(job)

    @staticmethod
    def _settle(answer: "Future[Any]", error: Optional[TogglecastError], value: Any = None) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(value)
