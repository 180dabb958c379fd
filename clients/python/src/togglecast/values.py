"""How values answer."""
from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, Optional, TypeVar, Union

from .protocol import Details

Value = TypeVar("Value")


@dataclass(frozen=True)
class Flag(Generic[Value]):
    """A flag with the type of its values, as modules of `togglecast codegen` have them."""

    key: str


Key = Union[str, Flag[Any]]


def text_of(key: Key) -> str:
    return key.key if isinstance(key, Flag) else key


def value_of(value: Any, default: Value) -> Value:
    """The value, or `default` when it is none, or not of that type. Numbers are `int` or `float`, as `default` is."""
    fitting: Optional[Value] = _fitting(value, default)
    return default if fitting is None else fitting


def _fitting(value: Any, default: Any) -> Any:
    if default is None:
        return deepcopy(value)
    if isinstance(default, bool) or isinstance(value, bool):
        return value if isinstance(default, bool) and isinstance(value, bool) else None
    if isinstance(default, float):
        return float(value) if isinstance(value, (int, float)) else None
    if isinstance(default, int):
        return int(value) if isinstance(value, (int, float)) and value == int(value) else None
    for kind in (str, list, dict):
        if isinstance(default, kind):
            return deepcopy(value) if isinstance(value, kind) else None
    return None


def limit_of(details: Optional[Details]) -> float:
    if details is None or not details.enabled:
        return 0
    return float("inf") if details.limit is None else details.limit
