"""The life of a connection: a pure machine. Events and the present moment go in, what to do comes out. Times in ms.

The same machine as life.ts of @togglecast/client; tests/vectors/client/life.json holds both to it.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Optional

BASE = 1000
LONGEST = 30_000
SETTLED = 10_000  # a connection that lived so long makes its end the first failure of a new row
MOST_REFUSALS = 3


@dataclass(frozen=True)
class Life:
    phase: str = "idle"  # idle, trying, open, waiting, failed, closed
    attempt: int = 0  # failures in a row; the window of the next pause doubles with each
    since: float = 0  # when the connection opened
    refusals: int = 0  # in a row
    unreachable: bool = False  # the last attempt failed


@dataclass(frozen=True)
class Input:
    """`start`, `opened`, `lost` (an open connection), `unreachable` (an attempt failed on the way), `refused`, `close`."""

    type: str
    code: Optional[int] = None  # of `lost`: the WebSocket close code
    retry_after: Optional[float] = None  # what the server asks for
    renewable: bool = False  # of `refused`: another token may help


@dataclass(frozen=True)
class Step:
    life: Life
    connect: Optional[float] = None  # connect after so long
    refresh: bool = False  # ask for a new token first


def pause(attempt: int, retry_after: float, random: Callable[[], float]) -> float:
    """Full jitter: anywhere in a window that doubles, behind what the server asks for."""
    return retry_after + random() * min(LONGEST, BASE * (1 << min(attempt, 16)))


def step(life: Life, event: Input, now: float, random: Callable[[], float]) -> Step:
    # One failure may be told twice; what comes after the end is not about this life.
    if life.phase in ("waiting", "failed", "closed") and event.type not in ("start", "close"):
        return Step(life)

    def again(failures: int, hint: float, refresh: bool = False, refusals: int = life.refusals, unreachable: bool = life.unreachable) -> Step:
        changed = replace(life, phase="waiting", attempt=failures, refusals=refusals, unreachable=unreachable)
        return Step(changed, pause(failures, hint, random), refresh)

    def hint(least: float) -> float:
        return least if event.retry_after is None else event.retry_after

    if event.type == "start":
        if life.phase in ("open", "trying"):
            return Step(life)
        return Step(replace(life, phase="trying"), 0)
    if event.type == "opened":
        return Step(replace(life, phase="open", since=now, refusals=0, unreachable=False))
    if event.type == "lost":
        # 1012: the server restarts, and all of its clients come at once. 1013: it has too much to do.
        least = {1013: 2, 1012: 1}.get(event.code or 0, 0)
        row = 0 if now - life.since >= SETTLED else life.attempt + 1
        return again(max(row, least), hint(BASE if event.code == 1013 else 0), unreachable=False)
    if event.type == "unreachable":
        return again(life.attempt + 1, hint(0), unreachable=True)
    if event.type == "refused":
        refusals = life.refusals + 1
        if not event.renewable or refusals >= MOST_REFUSALS:
            return Step(replace(life, phase="failed", refusals=refusals))
        return again(life.attempt + 1, hint(BASE), refresh=True, refusals=refusals)
    if event.type == "close":
        return Step(replace(life, phase="closed"))
    raise ValueError(event.type)


def status_of(life: Life, has_state: bool) -> str:
    if life.phase == "open":
        return "ready"
    if life.phase == "failed":
        return "error"
    if life.unreachable or life.phase == "closed":
        return "offline"
    return "stale" if has_state else "connecting"
