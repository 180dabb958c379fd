"""What a client is refused."""
from __future__ import annotations

from typing import Any, Mapping, Optional


class TogglecastError(Exception):
    """What the server, `get_token` or the network refused.

    `code` is one of docs/protocol.md, or `unreachable`, or `closed`.
    """

    def __init__(self, code: str, message: str, *, details: Any = None, retry_after: Optional[float] = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.retry_after = retry_after  # seconds

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def refused(problem: Mapping[str, Any]) -> TogglecastError:
    """The error of an answer `{"error": problem}`."""
    pause = problem.get("retry_after_ms")
    return TogglecastError(str(problem.get("code", "refused")), str(problem.get("message", "refused")),
                           details=problem.get("details"), retry_after=None if pause is None else pause / 1000)
