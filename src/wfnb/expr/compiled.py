"""Compiled: a checked expression that can be evaluated again and again, by any thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault, to_error
from wfnb.expr.finish import finish, plain
from wfnb.expr.missing import missing_error
from wfnb.expr.operators import Closure
from wfnb.expr.profiles import Profile
from wfnb.expr.references import Reference
from wfnb.expr.values import MISSING, Value
from wfnb.limits import LIMITS, Limits
from wfnb.model.values import JsonValue

__all__ = ["Compiled"]


@dataclasses.dataclass(frozen=True, slots=True)
class Compiled:
    """A checked expression. Immutable; evaluations share nothing, so threads may use one at the same time.

    Parameters
    ----------
    source
        The text.
    profile
        The functions it was checked against.
    references
        What data it reads.
    functions
        The functions it calls, without ``$``.
    field
        The field it stands in, for messages.
    """

    source: str
    profile: Profile
    references: tuple[Reference, ...]
    functions: frozenset[str]
    field: str | None = None
    closure: Closure = dataclasses.field(repr=False, compare=False, default=lambda _context, _run: MISSING)
    tidy: bool = dataclasses.field(repr=False, compare=False, default=False)

    def evaluate(
        self,
        scope: Mapping[str, JsonValue],
        *,
        now: str | None = None,
        field: str | None = None,
        variables: Mapping[str, JsonValue] | None = None,
        limits: Limits = LIMITS,
    ) -> JsonValue:
        """The value of the expression.

        Parameters
        ----------
        scope
            The roots: ``payload``, ``vars``, ``meta`` and perhaps ``error``. It is the context, and each root is a
            variable too (``$payload``). Nothing of it is changed; the result may share structure with it.
        now
            What ``nowIso()`` gives.
        field
            Name of the field, for messages; defaults to the one given when compiling.
        variables
            More variables: ``{"item": ..., "index": 3}`` are read as ``$item`` and ``$index``.
        limits
            Bounds of time, fuel and size.

        Returns
        -------
        A JSON value.

        Raises
        ------
        ExpressionError
            MISSING_VALUE, EXPRESSION_TYPE, EXPRESSION_LIMIT, OUTPUT_TOO_LARGE, NOT_JSON or NO_CLOCK.

        Examples
        --------
        >>> from wfnb.expr import compile_expression
        >>> compile_expression("payload.qty * 2").evaluate({"payload": {"qty": 21}})
        42
        """
        value = self.evaluate_raw(scope, now=now, field=field, variables=variables, limits=limits)
        if value is MISSING:
            known = {**scope, **{f"${name}": one for name, one in (variables or {}).items()}}
            raise missing_error(self.source, field or self.field, self.references, known)
        return value

    def evaluate_raw(
        self,
        scope: Mapping[str, JsonValue],
        *,
        now: str | None = None,
        field: str | None = None,
        variables: Mapping[str, JsonValue] | None = None,
        limits: Limits = LIMITS,
    ) -> Value:
        """As `evaluate`, but a missing result is `wfnb.expr.values.MISSING` and no error."""
        root = scope if type(scope) is dict else dict(scope)
        names = root.copy()
        if variables:
            names.update(variables)
        run = Run(root, names, now, limits)
        try:
            value = self.closure(root, run)
            if value is MISSING:
                return value
            value = finish(value, run)
            return plain(value) if self.tidy else value
        except Fault as fault:
            raise to_error(fault, self.source, field or self.field) from None
        except RecursionError:
            failure = Fault("EXPRESSION_LIMIT", "The data or the expression is nested too deeply.")
        except MemoryError:
            failure = Fault("EXPRESSION_LIMIT", "The evaluation needs more memory than there is.")
        except ArithmeticError:
            failure = Fault("NOT_JSON", "A number of the evaluation is out of range.")
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            # Only data that is not JSON (sets, dates, objects with comparisons of their own) can get here.
            failure = Fault("NOT_JSON", f"The expression met data that is not JSON: {type(error).__name__}.")
        raise to_error(failure, self.source, field or self.field) from None
