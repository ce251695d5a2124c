"""Whose an idempotency key is: the rules, pure, and the same for every store.

A key of an action belongs to one invocation at a time: the one that is STARTED or has SUCCEEDED and shares nothing. One that
has FAILED or was CANCELED owns nothing any more, so the next call with its key is performed, as the next attempt. It keeps
its row when it is a retry of the same step of the same run; otherwise it gets a row of its own, and the row of the call
that failed stays as it was, because it tells what happened to its run.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Holder", "Predecessor", "Verdict", "judge", "next_attempt", "takes_over"]

Verdict: TypeAlias = Literal["free", "mine", "cached", "busy", "abandoned"]
"""What a key is for a call: nobody's, this call's own, answered already, another call's, or one whose run is over."""


class Holder(NamedTuple):
    """The invocation that owns a key."""

    invocation_no: int
    run_no: int
    effect_id: str
    status: str
    attempt: int
    output: str | None
    run_over: bool


class Predecessor(NamedTuple):
    """The last attempt at a key that did not succeed."""

    invocation_no: int
    run_no: int
    instance: str
    attempt: int


def judge(holder: Holder | None, run_no: int, effect_id: str) -> Verdict:
    """What the key of a call is for it.

    Parameters
    ----------
    holder
        The invocation that owns the key, if any.
    run_no, effect_id
        The call.

    Examples
    --------
    >>> judge(Holder(1, 7, "root.steps[0]#1", "SUCCEEDED", 1, "42", False), 8, "root.steps[0]#1")
    'cached'
    """
    if holder is None:
        return "free"
    if holder.status == "SUCCEEDED":
        return "cached"
    if (holder.run_no, holder.effect_id) == (run_no, effect_id):
        return "mine"
    # An open call of a run that is over will never end: nobody performs it any more.
    return "abandoned" if holder.run_over else "busy"


def next_attempt(before: Predecessor | None) -> int:
    """Number of the next attempt at a key."""
    return 1 if before is None else before.attempt + 1


def takes_over(before: Predecessor | None, run_no: int, instance: str) -> bool:
    """Whether a call goes on in the row of the one before it: a retry of the same step."""
    return before is not None and (before.run_no, before.instance) == (run_no, instance)
