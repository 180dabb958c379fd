"""The last good state between two lives of a service: one file, replaced as a whole."""
from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Union

VERSION = 1


@dataclass(frozen=True)
class Stored:
    view: str  # whose it is: `view_of`
    as_of: float  # seconds since 1970, by this machine's clock
    state: Dict[str, Any]


def canonical(value: object) -> str:
    """JSON with its members in order, so that equal contexts are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def subject_of(token: str) -> str:
    """The client that a token is for, without checking it: equal texts for tokens of one client, after a renewal too."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if claims.get("sub") is not None:
            return canonical([claims.get(name) for name in ("iss", "env", "kind", "sub")])
    except (ValueError, IndexError, AttributeError):
        pass  # no JWT
    return hashlib.sha256(token.encode()).hexdigest()[:16]  # the token itself is a secret, and no name


def view_of(url: str, subject: str, context: Optional[Mapping[str, Any]]) -> str:
    return canonical([url, subject, context])


class Storage:
    """The file. What cannot be read is no state; what cannot be written is an OSError."""

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = os.fspath(path)

    def read(self) -> Optional[Stored]:
        try:
            with open(self.path, encoding="utf-8") as file:
                record = json.load(file)
            if record["version"] != VERSION:
                return None
            return Stored(str(record["view"]), float(record["as_of"]), dict(record["state"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, stored: Stored) -> None:
        """Readers, also in other processes, see the old record or the new one. Only this account may read it."""
        text = json.dumps({"version": VERSION, "view": stored.view, "as_of": stored.as_of, "state": stored.state})
        draft = f"{self.path}.{os.getpid()}.tmp"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
        except OSError:
            try:
                os.unlink(draft)
            except OSError:
                pass
            raise

    def remove(self) -> None:
        try:
            os.unlink(self.path)
        except OSError:
            pass
