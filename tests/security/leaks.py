"""Thirty and more ways in which an action can let a secret out, and what finds a secret in whatever was produced."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from pydantic import BaseModel, field_validator

import wfnb
from wfnb import errors
from wfnb.errors import WfnbError

LOG = logging.getLogger("leaking.app")


def core(number: int) -> str:
    """What every canary has in its middle: letters and digits, so that no escaping changes it."""
    return f"c4nary{number:02d}Xq7"


def canary(number: int) -> str:
    """A secret that looks different in every encoding."""
    return f'k"é/&{core(number)}?ü =\\+%41'


def traces(number: int) -> Iterator[bytes]:
    """What gives a canary away: its core as it is, in hexadecimal, and in base64 wherever it stands in what was encoded."""
    data = core(number).encode()
    yield data
    yield data.hex().encode()
    yield data.hex().upper().encode()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + data).decode()
        yield encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6].encode()


def found(produced: bytes | str, numbers: range) -> list[int]:
    """Numbers of the canaries that were let out."""
    data = produced.encode("utf-8", "replace") if isinstance(produced, str) else produced
    return [number for number in numbers if any(trace in data for trace in traces(number))]


def _raise(error: BaseException) -> Any:
    raise error


def _raises(kind: type[WfnbError]) -> Callable[[str], Any]:
    return lambda text: _raise(kind(f"m {text}", where=text, hint=f"h {text}"))


def _chained(text: str) -> Any:
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(f"inner {text}") from error


def _environment(text: str) -> Any:
    os.environ["LEAKING_APP"] = text
    try:
        return {"environment": dict(os.environ)}
    finally:
        del os.environ["LEAKING_APP"]


def _in_a_thread(text: str) -> Any:
    thread = threading.Thread(target=lambda: print(f"thread {text}"))
    thread.start()
    thread.join()


def _logged(text: str) -> Any:
    LOG.warning("with %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        LOG.exception("failed")


def _noted(text: str) -> Any:
    error = RuntimeError("noted")
    error.add_note(text)
    raise error


# What an action gives back, raises or prints; each is one way out.
WAYS: dict[str, Callable[[str], Any]] = {
    "plain": lambda s: s,
    "in a sentence": lambda s: f"it is {s}, indeed",
    "nested": lambda s: {"a": [{"b": [s, {"c": s}]}]},
    "key": lambda s: {s: 1},
    "json": json.dumps,
    "json in json": lambda s: json.dumps({"a": json.dumps({"b": s})}),
    "json in characters": lambda s: json.dumps([s], ensure_ascii=False),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for urls": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "basic header": lambda s: {"Auth": "Basic " + base64.b64encode(f"ann:{s}".encode()).decode()},
    "basic header of another": lambda s: {"Auth": "Basic " + base64.b64encode(f"anna:{s}".encode()).decode()},
    "bearer header": lambda s: {"headers": [["X-Auth", f"Bearer {s}"]]},
    "url": lambda s: f"https://example.com/?{urlencode({'key': s})}",
    "url path": lambda s: f"https://example.com/{quote(s)}/x",
    "url user": lambda s: f"https://ann:{quote(s, safe='')}@example.com",
    "url plus": quote_plus,
    "html": lambda s: f"<b title='{html.escape(s)}'>",
    "hex": lambda s: s.encode().hex(),
    "repr": lambda s: repr({"password": s}),
    "bytes": lambda s: repr(s.encode()),
    "environment": _environment,
    "exception": lambda s: _raise(RuntimeError(f"cannot log in with {s}")),
    "key error": lambda s: _raise(KeyError(s)),
    "url in an exception": lambda s: _raise(OSError(f"GET https://x/?k={quote(s)} failed")),
    "chained exception": _chained,
    "exception group": lambda s: _raise(ExceptionGroup(s, [ValueError(s)])),
    "note of an exception": _noted,
    "cut exception": lambda s: _raise(RuntimeError("x" * 485 + s)),
    "action error": lambda s: _raise(wfnb.ActionError(f"no {s}", code=f"NO {s}", where=s, hint=f"not {s}")),
    "transient error": lambda s: _raise(wfnb.TransientError(f"busy {s}")),
    "long error": lambda s: _raise(wfnb.ActionError("y" * 1_990 + s)),
    "stdout": lambda s: print(f"out {s}"),
    "stderr": lambda s: print("err", s, file=sys.stderr),
    "thread": _in_a_thread,
    "logging": _logged,
    "warning": lambda s: warnings.warn(f"old {s}", stacklevel=1),
    "wrong output": lambda s: {"value": {1, s}},
    **{
        f"every error: {name}": _raises(kind)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, WfnbError)
    },
}


class Leak(BaseModel):
    way: str
    secret: str
    note: str = ""
    more: list[Any] = []


class Refusing(BaseModel):
    secret: str

    @field_validator("secret")
    @classmethod
    def never(cls, value: str) -> str:
        raise ValueError(f"bad {value}")


class Out(BaseModel):
    value: Any = None


class Strict(BaseModel):
    value: int


def register(ws: wfnb.Workspace, seen: dict[str, str]) -> None:
    """Actions that let out what they are given, in the way that the input names."""

    @ws.action("leak", retry={"maxAttempts": 2, "backoffMs": 1, "retryOn": ["TransientError"]})
    def _leak(data: Leak, ctx: wfnb.ActionContext) -> Out:
        seen[data.way] = data.secret
        ctx.log("INFO", f"logged {data.secret}", secret_value=data.secret, deep=[{"x": data.secret}])
        return Out(value=WAYS[data.way](data.secret))

    @ws.action("leak_later")
    async def _later(data: Leak) -> Out:
        seen[data.way] = data.secret
        return Out(value=WAYS[data.way](data.secret))

    @ws.action("refuse")
    def _refuse(data: Refusing) -> Out:
        return Out()

    @ws.action("lie")
    def _lie(data: Leak) -> Strict:
        return {"value": data.secret}  # type: ignore[return-value]  # the test is about this lie

    @ws.node("leak.node")
    def _node(data: Leak) -> Out:
        return Out(value=[data.secret])
