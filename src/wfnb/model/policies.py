"""Retry and error policies of steps and actions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = ["Category", "ErrorPolicy", "Model", "RetryPolicy"]

Category = Literal["ValidationError", "ExpressionError", "TransientError", "ActionError", "TimeoutError"]
"""Error categories (pipeline specification, 4.1)."""


class Model(BaseModel):
    """Base of everything that is written in a definition: closed, immutable, camelCase outside."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, strict=True
    )


class RetryPolicy(Model):
    """When and how often a failed step is tried again.

    Parameters
    ----------
    max_attempts
        Attempts in all, the first one included.
    backoff_ms
        Milliseconds before the second attempt.
    backoff_multiplier
        Factor of the delay from attempt to attempt.
    jitter
        Spread the delay by a factor of 0.8 to 1.2.
    max_delay_ms
        Upper bound of the delay in milliseconds, jitter included.
    retry_on
        Categories that are retried; ``TransientError`` alone unless given.

    Examples
    --------
    >>> RetryPolicy(max_attempts=4, backoff_ms=100, jitter=False).delay_ms(3, spread=0.5)
    400.0
    """

    max_attempts: int = Field(gt=0)
    backoff_ms: int = Field(default=0, ge=0)
    backoff_multiplier: float = Field(default=2.0, gt=0)
    jitter: bool = True
    max_delay_ms: int | None = Field(default=None, gt=0)
    retry_on: tuple[Category, ...] = Field(default=("TransientError",), strict=False)

    def allows(self, category: str, attempt: int) -> bool:
        """Whether another attempt may follow attempt number `attempt` that failed with `category`."""
        return attempt < self.max_attempts and category in self.retry_on

    def delay_ms(self, attempt: int, *, spread: float) -> float:
        """Milliseconds to wait after attempt number `attempt`; `spread` in [0, 1) places the jitter."""
        delay = self.backoff_ms * self.backoff_multiplier ** (attempt - 1)
        if self.jitter:
            delay *= 0.8 + 0.4 * spread
        return min(delay, float(self.max_delay_ms)) if self.max_delay_ms else delay


class ErrorPolicy(Model):
    """What happens after the last failed attempt: fail (let the error out) or go on with the next step."""

    policy: Literal["fail", "continue"] = "fail"
