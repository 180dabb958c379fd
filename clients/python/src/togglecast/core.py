"""What all clients share: the state, its storage and its connection. One agenda owns them; readers take the snapshot."""
from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Optional

from .agenda import Agenda
from .connection import Connection, Request, Wires
from .copy import Copy, State
from .errors import TogglecastError
from .life import Life, status_of
from .link import Options
from .protocol import Context
from .storage import Storage, Stored, subject_of, view_of

log = logging.getLogger("togglecast")
QUICKLY = 0.1  # seconds; changes that come together are written together
PATIENCE = 5  # seconds that closing waits for the last words


@dataclass(frozen=True)
class Snapshot:
    """An immutable picture of the client."""

    status: str  # connecting, ready, stale, offline, error
    source: str  # where the state comes from: server, storage, none
    as_of: Optional[float]  # when it was last known to be current, in seconds since 1970; None while it is
    state: Optional[State]


@dataclass(frozen=True)
class Settings:
    url: str
    token: Optional[str]
    get_token: Optional[Callable[[bool], str]]
    storage: Optional[Storage]
    receipts: bool
    options: Options


class Core:
    def __init__(self, settings: Settings, context: Optional[Context]) -> None:
        self.settings = settings
        self.snapshot = Snapshot("connecting", "none", None, None)
        self.changed = threading.Condition()  # the snapshot, or the wish
        self.wish = "none"  # or connected, closed
        self._last: Optional[TogglecastError] = None
        self._context = context
        self._copy = Copy()
        self._source = "none"
        self._as_of: Optional[float] = None
        self._subject = None if settings.token is None else subject_of(settings.token)
        self._stored: Optional[Stored] = None  # what the storage had, until it is used or of no use
        self._waiting: List["Future[None]"] = []  # for the state of a new context
        self._connection: Optional[Connection] = None
        self._saving: Optional[int] = None
        self._complained = False
        self._listeners: Dict[str, List[Callable[..., None]]] = {}
        self._calls = threading.Lock()  # of connect and close
        self._agenda = Agenda("togglecast")
        self._voice = Agenda("togglecast-listeners")
        self._load()

    # --- what is asked, on any thread ---

    def connect(self) -> None:
        with self._calls:
            if self.wish == "closed":
                self._agenda, self._voice = Agenda("togglecast"), Agenda("togglecast-listeners")
            self.wish = "connected"
            connection = self._connection
            if connection is None:
                connection = self._connection = Connection(self._agenda, self.settings.url, self.settings.options, self._wires())
            self._agenda.add(connection.start)

    def close(self) -> None:
        with self._calls:
            connection, self._connection = self._connection, None
            self.wish = "closed"

            def leave() -> None:
                self._cut()
                self._agenda.cancel(self._saving)
                self._settle_waiting(TogglecastError("closed", "the client was closed"))
                if connection:
                    connection.close()
                self._publish()

            self._agenda.add(leave)
            self._agenda.end()
            self._agenda.join(PATIENCE)
            self._publish()
            self._voice.end()

    def forget(self) -> None:
        self.close()
        if self.settings.storage:
            self.settings.storage.remove()

    def settled(self) -> bool:
        """The state is that of the server, or nobody is going to get it."""
        return self.snapshot.status in ("ready", "error") or self.wish == "closed"

    def ready(self, timeout: Optional[float]) -> None:
        with self.changed:
            if not self.changed.wait_for(self.settled, timeout):
                raise self.late(timeout or 0)
            if self.snapshot.status != "ready":
                raise self._last or TogglecastError("closed", "the client was closed")

    def late(self, timeout: float) -> TimeoutError:
        trouble = self._connection.trouble if self._connection else ""
        return TimeoutError(f"not ready within {timeout:g} s" + (f": {trouble}" if trouble else ""))

    def age(self) -> Optional[float]:
        now = self.snapshot
        if now.status == "ready":
            return 0.0
        return None if now.as_of is None else max(0.0, time.time() - now.as_of)

    def ask(self, name: str, body: Dict[str, Any]) -> "Future[Any]":
        answer: "Future[Any]" = Future()
        connection = self._connection
        if connection is None:
            answer.set_exception(TogglecastError("closed", "call connect() first"))
        else:
            ask, request = connection.ask, Request(name, body, answer)
            self._agenda.add(lambda: ask(request))
        return answer

    def set_context(self, context: Optional[Context]) -> "Future[None]":
        """Settled when the answers are those of the new context, or when the server cannot use it. At once without a connection."""
        answer: "Future[None]" = Future()
        if self._connection is None:
            self._context, self._stored = context, None
            self._load()
            answer.set_result(None)
        else:
            self._agenda.add(lambda: self._replace(context, answer))
        return answer

    def listen(self, name: str, listener: Callable[..., None]) -> Callable[[], None]:
        with self.changed:
            self._listeners[name] = [*self._listeners.get(name, []), listener]

        def leave() -> None:
            with self.changed:
                self._listeners[name] = [one for one in self._listeners[name] if one is not listener]

        return leave

    # --- the connection, on the agenda ---

    def _wires(self) -> Wires:
        settings = self.settings
        return Wires(
            token=settings.get_token or (lambda _: settings.token or ""), renewable=settings.get_token is not None,
            identified=self._identified, context=lambda: self._context, began=self._began, heard=self._heard, cut=self._cut,
            changed=self._turned, failed=self._failed, message=lambda name, body: self._tell("message", name, body),
            wants_messages=lambda: bool(self._listeners.get("message")))

    def _identified(self, token: Optional[str]) -> None:
        if token is None:
            # Without a token there is no connection, and no other client has one either.
            return self._load(of_anybody=True)
        subject = subject_of(token)
        if subject == self._subject:
            return
        if self._subject is not None or (self._source == "storage" and self._stored and self._stored.view != self._view(subject)):
            self._drop()
        self._subject = subject
        self._load()

    def _began(self, state: Dict[str, Any]) -> None:
        changed = self._copy.begin(state)
        self._source, self._as_of = "server", None
        self._moved(changed)
        self._settle_waiting()

    def _heard(self, update: Dict[str, Any]) -> None:
        changed = self._copy.hear(update)
        if changed is not None:
            self._moved(changed)

    def _moved(self, changed: Iterable[str]) -> None:
        state, connection = self._copy.state, self._connection
        self._agenda.cancel(self._saving)
        self._saving = self._agenda.add(self._save, QUICKLY)
        self._publish(changed)
        if state and connection and self.settings.receipts:
            connection.tell("config_ack", {"revision": state.revision, "epoch": state.epoch})

    def _cut(self) -> None:
        self._copy.cut()
        if self.snapshot.status == "ready":
            self._as_of = time.time()
        self._save()

    def _failed(self, error: TogglecastError) -> None:
        self._last = error
        self._tell("error", error)

    def _turned(self, life: Life) -> None:
        self._publish()
        if life.phase == "failed":
            self._settle_waiting(self._last)

    def _replace(self, context: Optional[Context], answer: "Future[None]") -> None:
        before, self._context = self._context, context
        self._waiting.append(answer)
        connection = self._connection
        if connection is None or not connection.open:
            self._stored = None
            if connection and connection.life.phase == "failed":
                self._settle_waiting(self._last)
            return  # the next connection begins with it

        def done(problem: Optional[TogglecastError]) -> None:
            if problem and answer in self._waiting:
                self._waiting.remove(answer)
                self._context = before
                self._settle(answer, problem)

        connection.login({"context": context}, done)

    # --- the state, on the agenda ---

    def _view(self, subject: Optional[str] = None) -> str:
        return view_of(self.settings.url, subject or self._subject or "", self._context)

    def _drop(self) -> None:
        """The state is of another client."""
        state = self._copy.state
        self._copy, self._source, self._stored, self._as_of = Copy(), "none", None, None
        self._publish([*(state.flags if state else ()), "/plan", "/client"])

    def _load(self, of_anybody: bool = False) -> None:
        storage = self.settings.storage
        stored = self._stored or (storage.read() if storage else None)
        if stored is None or self._source == "server":
            return
        self._stored = stored
        known = self._subject is not None
        if stored.view != self._view() if known else (not of_anybody or self._source != "none"):
            return
        copy = Copy()
        try:
            changed = copy.begin(stored.state)
        except (KeyError, TypeError, AttributeError):
            return  # not one of ours
        self._copy, self._source, self._as_of = copy, "storage", stored.as_of
        self._publish(changed)

    def _save(self) -> None:
        """A storage that is full or forbidden costs nothing but the state after a restart."""
        state, storage = self._copy.dehydrate(), self.settings.storage
        if not storage or not state or self._source != "server" or self._subject is None:
            return
        as_of = time.time() if self._as_of is None else self._as_of
        try:
            storage.write(Stored(self._view(), as_of, state))
        except OSError as problem:
            if not self._complained:
                log.warning("the state is not kept: %s", problem)
            self._complained = True

    def _publish(self, changed: Iterable[str] = ()) -> None:
        with self.changed:
            state, before, connection = self._copy.state, self.snapshot, self._connection
            own = status_of(connection.life, state is not None) if connection else "stale" if state else "connecting"
            status = "offline" if self.wish == "closed" else own
            self.snapshot = Snapshot(status, self._source, None if status == "ready" else self._as_of, state)
            self.changed.notify_all()
            self._tell("snapshot")
            if status != before.status:
                self._tell("status", status)
            keys = frozenset(changed)
            if keys:
                self._tell("change", keys)

    def _tell(self, name: str, *what: Any) -> None:
        for listener in self._listeners.get(name, []):
            self._voice.add(lambda listener=listener: listener(*what))  # type: ignore[misc]

    def _settle_waiting(self, error: Optional[TogglecastError] = None) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            self._settle(answer, error)

    @staticmethod
    def _settle(answer: "Future[None]", error: Optional[TogglecastError] = None) -> None:
        if answer.set_running_or_notify_cancel():
            if error:
                answer.set_exception(error)
            else:
                answer.set_result(None)
