"""A copy of the configuration: a pure machine that events go into. It has no socket, no clock and no storage.

The same machine as copy.ts of @togglecast/client; tests/vectors/client/copy.json holds both to it.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, TypeVar, cast

from .protocol import Details, Identity, Plan, Platform

Value = TypeVar("Value")
Json = Dict[str, Any]


@dataclass(frozen=True)
class State:
    """An immutable state. What did not change is the same object as in the state before."""

    revision: int
    epoch: int
    flags: Mapping[str, Details]
    platforms: Mapping[str, Platform]
    plan: Optional[Plan]
    identity: Identity


def _text(value: object) -> str:
    # Not `==`: for Python, True, 1 and 1.0 are equal.
    return json.dumps(value.__dict__ if isinstance(value, Details) else value, sort_keys=True)


def _details(key: str, answer: Mapping[str, Any]) -> Details:
    return Details(key, answer["enabled"], answer["value"], answer["variant"], answer["reason"], answer["rule"], answer.get("limit"))


def _flags(features: Iterable[Json]) -> Dict[str, Details]:
    flags: Dict[str, Details] = {}
    for feature in features:
        flags[feature["key"]] = _details(feature["key"], feature)
        for name, sub in feature["sub_features"].items():
            key = f"{feature['key']}/{name}"
            flags[key] = _details(key, sub)
    return flags


def _same(old: Optional[Value], new: Value, name: str, changed: Set[str]) -> Value:
    """The old value where both are equal; else the new one, and its name goes to `changed`."""
    if old is not None and _text(old) == _text(new):
        return old
    if old is not None or new is not None:
        changed.add(name)
    return new


def _merge(before: Mapping[str, Value], after: Mapping[str, Value], changed: Set[str], prefix: str) -> Dict[str, Value]:
    changed.update(prefix + key for key in before if key not in after)
    return {key: _same(before.get(key), value, prefix + key, changed) for key, value in after.items()}


class Copy:
    """The view that events build. The methods answer the keys that changed, or None when nothing was applied."""

    def __init__(self) -> None:
        self.state: Optional[State] = None
        self._features: Dict[int, Json] = {}
        self._platforms: Dict[int, Json] = {}
        self._plans: Dict[int, Json] = {}  # the last one is that of the client; an event may come before the end of the one before
        self._identity: Json = {}
        self._floor = 0  # the revision of the last full state
        self._seen: Dict[str, int] = {}  # entity: the revision of its last update, deletes included
        self._waiting: List[Json] = []  # pushes whose last event has not come
        self._early: List[Json] = []  # updates from before their full state

    def begin(self, view: Mapping[str, Any]) -> Set[str]:
        """The whole view with its position. It replaces everything."""
        self._identity = view["client"]
        self._plans = {one["id"]: one for one in [view["package"]] if one}
        self._features = {one["id"]: one for one in view["features"]}
        self._platforms = {one["id"]: one for one in view["platforms"]}
        self._seen.clear()
        self._waiting = []
        self._floor = view["revision"]
        early, self._early = self._early, []
        changed = self._publish(view["revision"], view["epoch"])
        for update in early:
            changed |= self.hear(update) or set()
        return changed

    def hear(self, update: Json) -> Optional[Set[str]]:
        """One event of a push, with its `kind`. Of two events about one entity, the newer one counts, in any order."""
        if self.state is None or update["epoch"] > self.state.epoch:
            self._early.append(update)
            return None
        if update["epoch"] < self.state.epoch:
            return None
        self._waiting.append(update)
        if update["more"] and update["revision"] > self.state.revision:
            return None
        up_to = max(update["revision"], self.state.revision)
        ready = sorted((one for one in self._waiting if one["revision"] <= up_to), key=lambda one: int(one["revision"]))
        self._waiting = [one for one in self._waiting if one["revision"] > up_to]
        applied = [self._apply(one) for one in ready]
        if not any(applied) and up_to == self.state.revision:
            return None
        return self._publish(up_to, self.state.epoch)

    def cut(self) -> None:
        """The connection has ended. What came of an unfinished push is thrown away."""
        self._waiting, self._early = [], []

    def dehydrate(self) -> Optional[Json]:
        """The state as JSON; `begin` takes it."""
        if self.state is None:
            return None
        return {"client": self._identity, "package": self._plan(), "revision": self.state.revision, "epoch": self.state.epoch,
                "features": list(self._features.values()), "platforms": list(self._platforms.values())}

    def _plan(self) -> Optional[Json]:
        return list(self._plans.values())[-1] if self._plans else None

    def _apply(self, update: Json) -> bool:
        kind, data = update["kind"], update["data"]
        entity = update.get(f"{kind}_id", 0)
        name = f"{kind} {entity}"
        if update["revision"] < self._seen.get(name, self._floor):
            return False
        self._seen[name] = update["revision"]
        if kind == "client":
            self._identity = data or self._identity
        else:
            entities = {"platform": self._platforms, "feature": self._features, "package": self._plans}[kind]
            if data is None:
                entities.pop(entity, None)
            else:
                entities[entity] = data
        return True

    def _publish(self, revision: int, epoch: int) -> Set[str]:
        old, changed = self.state, set()  # type: Optional[State], Set[str]
        platforms = {one["key"]: cast(Platform, one) for one in self._platforms.values()}
        self.state = State(
            revision, epoch,
            _merge(old.flags if old else {}, _flags(self._features.values()), changed, ""),
            _merge(old.platforms if old else {}, platforms, changed, "/platforms/"),
            _same(old.plan if old else None, cast(Optional[Plan], self._plan()), "/plan", changed),
            _same(old.identity if old else None, cast(Identity, self._identity), "/client", changed))
        return changed
