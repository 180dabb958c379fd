"""The clients: one for threads, one for asyncio. Both connect at once, and answer from the last good state until then."""
from __future__ import annotations

import asyncio
import os
import uuid
from concurrent.futures import Future
from copy import deepcopy
from typing import Any, Awaitable, Callable, Dict, FrozenSet, Iterable, Mapping, Optional, Sequence, TypeVar, Union, overload

from .core import Core, Settings, Snapshot
from .errors import TogglecastError
from .link import Options
from .protocol import Context, Details, Identity, Metric, MetricsAccepted, Plan, Platform
from .storage import Storage
from .values import Flag, Key, limit_of, text_of, value_of

Value = TypeVar("Value")
Leave = Callable[[], None]
Path = Union[str, "os.PathLike[str]"]


class Answers:
    """What every client answers, from memory."""

    _core: Core

    @property
    def status(self) -> str:
        """connecting, ready, stale, offline or error."""
        return self._core.snapshot.status

    @property
    def snapshot(self) -> Snapshot:
        """Status, source and state at one moment."""
        return self._core.snapshot

    @overload
    def flag(self, key: Flag[Value], default: Value) -> Value: ...

    @overload
    def flag(self, key: str, default: Value) -> Value: ...

    def flag(self, key: Key, default: Value) -> Value:
        """The value of a flag, or of a sub-feature as `feature/sub`; `default` when none of its type is known."""
        details = self.details(key)
        return default if details is None else value_of(details.value, default)

    def details(self, key: Key) -> Optional[Details]:
        """The whole answer; None for a flag that the client does not see."""
        state = self._core.snapshot.state
        return state.flags.get(text_of(key)) if state else None

    def platform(self, key: str) -> Optional[Platform]:
        state = self._core.snapshot.state
        return deepcopy(state.platforms.get(key)) if state else None

    def plan(self) -> Optional[Plan]:
        """The package that the client is on."""
        state = self._core.snapshot.state
        return deepcopy(state.plan) if state else None

    def identity(self) -> Optional[Identity]:
        state = self._core.snapshot.state
        return deepcopy(state.identity) if state else None

    def limit(self, key: Key) -> float:
        """How many the feature allows: 0 when it is off or unknown, infinity when it is on without a limit."""
        return limit_of(self.details(key))

    def age(self) -> Optional[float]:
        """How old the state is, in seconds: 0 while the connection is up, None without a state."""
        return self._core.age()

    def connect(self) -> None:
        """Connects, now; also after `close` and after a refusal."""
        self._core.connect()

    def _report(self, metrics: Iterable[Metric]) -> "Future[MetricsAccepted]":
        return self._core.ask("report_metrics", {"metrics": list(metrics), "idempotency_key": str(uuid.uuid4())})


def _core(url: str, token: Optional[str], get_token: Optional[Callable[[bool], str]], context: Optional[Context], storage: Optional[Path],
          receipts: bool, options: Options) -> Core:
    if (token is None) == (get_token is None):
        raise ValueError("give either token or get_token")
    kept = None if storage is None else Storage(storage)
    return Core(Settings(url, token, get_token, kept, receipts, options), context)


class Client(Answers):
    """For services with threads. Safe to use from every one of them; answers never wait.

    `token` is fixed. `get_token(refresh)` gets one that expires; `refresh` says that the last one has expired, is about to, or was
    refused. `storage` is the path of the file for the last good state. Listeners are called one after the other, on a thread of
    their own. A process that forks makes its client after the fork.
    """

    def __init__(self, url: str, *, token: Optional[str] = None, get_token: Optional[Callable[[bool], str]] = None,
                 context: Optional[Context] = None, storage: Optional[Path] = None, receipts: bool = True, connect: bool = True,
                 transports: Sequence[str] = ("websocket", "polling"), path: str = "socket.io",
                 headers: Optional[Mapping[str, str]] = None, verify: Union[bool, str] = True, timeout: float = 20) -> None:
        self._core = _core(url, token, get_token, context, storage, receipts, Options(transports, path, headers, verify, timeout))
        if connect:
            self.connect()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ready(self, timeout: Optional[float] = None) -> "Client":
        """Waits until the state is that of the server. TogglecastError when the server refuses, TimeoutError when it takes too long."""
        self._core.ready(timeout)
        return self

    def on_change(self, listener: Callable[[FrozenSet[str]], None]) -> Leave:
        """Tells the keys of flags that changed; for the rest `/platforms/<key>`, `/plan` and `/client`. Answers the way out."""
        return self._core.listen("change", listener)

    def on_status(self, listener: Callable[[str], None]) -> Leave:
        return self._core.listen("status", listener)

    def on_error(self, listener: Callable[[TogglecastError], None]) -> Leave:
        return self._core.listen("error", listener)

    def on_message(self, listener: Callable[[str, Dict[str, Any]], None]) -> Leave:
        """Tells announcements, notifications and the system's status: the name of the event, and what it says.

        A message with acknowledgement is acknowledged when it has come, and declined while nobody listens.
        """
        return self._core.listen("message", listener)

    def set_context(self, context: Optional[Context], timeout: Optional[float] = None) -> None:
        """Replaces the context. Returns when the answers are those of the new one; raises when the server cannot use it."""
        self._core.set_context(context).result(timeout)

    def report_metrics(self, metrics: Iterable[Metric]) -> "Future[MetricsAccepted]":
        """Adds to the sums that admins see. Without a connection it waits for the next one; at most 100 reports wait."""
        return self._report(metrics)

    def close(self) -> None:
        """Ends the connection. The state stays, in memory and on disk."""
        self._core.close()

    def forget(self) -> None:
        """Closes, and removes the stored state."""
        self._core.forget()


class AsyncClient(Answers):
    """The same for asyncio. Made within a running loop; listeners are called in it, and may be coroutines, as may `get_token`."""

    def __init__(self, url: str, *, token: Optional[str] = None,
                 get_token: Optional[Callable[[bool], Union[str, Awaitable[str]]]] = None, context: Optional[Context] = None,
                 storage: Optional[Path] = None, receipts: bool = True, connect: bool = True,
                 transports: Sequence[str] = ("websocket", "polling"), path: str = "socket.io",
                 headers: Optional[Mapping[str, str]] = None, verify: Union[bool, str] = True, timeout: float = 20) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: "set[asyncio.Future[Any]]" = set()

        def fetch(refresh: bool) -> str:
            async def ask() -> str:
                assert get_token is not None
                token = get_token(refresh)
                return token if isinstance(token, str) else await token
            return asyncio.run_coroutine_threadsafe(ask(), self._loop).result()

        self._core = _core(url, token, fetch if get_token else None, context, storage, receipts,
                           Options(transports, path, headers, verify, timeout))
        if connect:
            self.connect()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ready(self, timeout: Optional[float] = None) -> "AsyncClient":
        """As `Client.ready`."""
        moved = asyncio.Event()
        leave = self._core.listen("snapshot", lambda: self._call(moved.set))

        async def settled() -> None:
            while not self._core.settled():
                moved.clear()
                await moved.wait()

        try:
            await asyncio.wait_for(settled(), timeout)
            self._core.ready(0)
            return self
        except asyncio.TimeoutError:
            raise self._core.late(timeout or 0) from None
        finally:
            leave()

    def on_change(self, listener: Callable[[FrozenSet[str]], Any]) -> Leave:
        """As `Client.on_change`."""
        return self._listen("change", listener)

    def on_status(self, listener: Callable[[str], Any]) -> Leave:
        return self._listen("status", listener)

    def on_error(self, listener: Callable[[TogglecastError], Any]) -> Leave:
        return self._listen("error", listener)

    def on_message(self, listener: Callable[[str, Dict[str, Any]], Any]) -> Leave:
        """As `Client.on_message`."""
        return self._listen("message", listener)

    async def set_context(self, context: Optional[Context]) -> None:
        """As `Client.set_context`."""
        await asyncio.wrap_future(self._core.set_context(context))

    async def report_metrics(self, metrics: Iterable[Metric]) -> MetricsAccepted:
        """As `Client.report_metrics`."""
        return await asyncio.wrap_future(self._report(metrics))

    async def close(self) -> None:
        """Ends the connection. The state stays, in memory and on disk."""
        await self._loop.run_in_executor(None, self._core.close)

    async def forget(self) -> None:
        """Closes, and removes the stored state."""
        await self._loop.run_in_executor(None, self._core.forget)

    def _listen(self, name: str, listener: Callable[..., Any]) -> Leave:
        def call(*what: Any) -> None:
            answer = listener(*what)
            if asyncio.iscoroutine(answer):
                task = asyncio.ensure_future(answer)
                self._tasks.add(task)  # the loop itself keeps no task alive
                task.add_done_callback(self._tasks.discard)
        return self._core.listen(name, lambda *what: self._call(call, *what))

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *arguments)
