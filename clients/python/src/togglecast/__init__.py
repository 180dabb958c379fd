"""Live feature flags from a Togglecast server, also offline."""
from .client import Answers, AsyncClient, Client
from .core import Snapshot
from .copy import State
from .errors import TogglecastError
from .protocol import Context, Details, Identity, JsonValue, Metric, MetricsAccepted, Plan, Platform
from .values import Flag, limit_of, value_of
from .version import VERSION as __version__

__all__ = ["Answers", "AsyncClient", "Client", "Context", "Details", "Flag", "Identity", "JsonValue", "Metric", "MetricsAccepted",
           "Plan", "Platform", "Snapshot", "State", "TogglecastError", "__version__", "limit_of", "value_of"]
