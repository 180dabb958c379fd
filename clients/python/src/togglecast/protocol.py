"""What the server tells a client, as docs/protocol.md defines it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, TypedDict, Union

JsonValue = Union[None, bool, int, float, str, List[Any], Dict[str, Any]]
Context = Mapping[str, Any]


@dataclass(frozen=True)
class Details:
    """The whole answer about one flag. A sub-feature has the flat key `feature/sub`."""

    key: str
    enabled: bool
    value: JsonValue  # None: the code's own default applies
    variant: Optional[str]
    reason: str
    rule: str
    limit: Optional[int] = None


class _Platform(TypedDict):
    id: int
    key: str
    name: str
    enabled: bool
    config: Dict[str, Any]


class Platform(_Platform, total=False):
    assets: Dict[str, Any]


class _Plan(TypedDict):
    id: int
    key: str
    name: str
    available: bool
    features: List[Dict[str, Any]]
    platforms: List[int]


class Plan(_Plan, total=False):
    """The package that the client is on."""

    description: str
    price: Dict[str, Any]
    billing_period: str


class Identity(TypedDict):
    """The client that the token is for."""

    id: int
    key: str
    name: str
    active: bool
    attributes: Dict[str, Any]


class _Metric(TypedDict):
    name: str
    value: float


class Metric(_Metric, total=False):
    labels: Dict[str, str]
    at: str


class MetricsAccepted(TypedDict):
    accepted: int
    dropped: int
