"""From text to syntax tree, with every way of failing told as a fault that has a place and a hint."""

from __future__ import annotations

import re

from wfnb.expr.convert import convert
from wfnb.expr.faults import Fault
from wfnb.expr.library import load, parse_symbols
from wfnb.expr.syntax import Node
from wfnb.limits import LIMITS, Limits

__all__ = ["check_text", "parse", "syntax_fault"]

_SCAN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<foreign>===|==|!==|&&|\|\||!(?!=)|=>)|(?P<operator>[.&+\-*/%=<>?^])""",
    re.DOTALL,
)

_MOST_OPERATORS = 2_000  # the parser's time grows with their square

_FOREIGN = {
    "==": "Use = to compare.",
    "===": "Use = to compare.",
    "!==": "Use != to compare.",
    "&&": "Use and.",
    "||": "Use or.",
    "!": "Write the negation as: x ? false : true.",
    "=>": "Functions cannot be defined in an expression.",
}

_REASONS = {
    "S0101": "A string is not closed; its quotation mark is missing.",
    "S0102": "A number is too large.",
    "S0103": "A string holds an escape that does not exist.",
    "S0104": "An escape \\u needs four hexadecimal digits.",
    "S0105": "A quoted name is not closed; its ` is missing.",
    "S0106": "A comment is not closed; its */ is missing.",
    "S0203": "The expression ends too early; {expected} is missing.",
    "S0202": "Here stands {found}, but {expected} was expected.",
    "S0201": "Here stands {found}, which does not fit.",
    "S0204": "There is no operator {found}.",
    "S0205": "Here stands {found}, which does not fit.",
    "S0206": "Here stands {found}, which does not fit.",
    "S0207": "The expression ends too early; a value is missing.",
    "S0208": "A parameter must be a variable.",
    "S0209": "A filter cannot follow a grouping.",
    "S0210": "There can be only one grouping in a path.",
    "S0211": "Here stands {found}, where a value was expected.",
    "S0212": "Only a variable ($name) can be bound with :=.",
    "S0213": "{found} cannot be a step of a path.",
    "S0217": "The parent operator % has no parent here.",
    "S0301": "A string holds an escape that does not exist.",
    "S0302": "A / begins a regular expression that is not closed.",
}


def parse(source: str, *, limits: Limits = LIMITS) -> Node:
    """The syntax tree of `source`.

    Raises
    ------
    Fault
        EMPTY_EXPRESSION, EXPRESSION_LIMIT (too long or nested too deeply), EXPRESSION_SYNTAX, CONSTRUCT_NOT_ALLOWED.
    """
    foreign = check_text(source, limits)
    failed = load()["jexception"].JException
    try:
        return convert(parse_symbols(source), source)
    except (Fault, RecursionError):
        raise
    except failed as error:
        raise syntax_fault(source, error, foreign) from None
    except Exception as error:
        # The library has raw errors for some broken texts (an unclosed comment, `!a`): they are syntax errors too.
        raise _foreign_fault(source, foreign) or Fault(
            "EXPRESSION_SYNTAX",
            "The expression cannot be read.",
            0,
            "Check brackets, quotation marks and operators.",
        ) from error


def check_text(source: str, limits: Limits) -> int | None:
    """Check length and bracket depth without parsing; the offset of an operator of another language, if there is one."""
    if not source.strip():
        raise Fault(
            "EMPTY_EXPRESSION", "The expression is empty.", 0, "Write a value or a path such as payload.id."
        )
    if len(source) > limits.expression_length:
        raise Fault(
            "EXPRESSION_LIMIT",
            f"The expression has {len(source)} characters; at most {limits.expression_length} are allowed.",
            limits.expression_length,
            "Split it over several assignments.",
        )
    depth, operators, foreign = 0, 0, None
    for token in _SCAN.finditer(source):
        if token.lastgroup == "open":
            depth += 1
            if depth > limits.expression_depth:
                raise Fault(
                    "EXPRESSION_LIMIT",
                    f"The brackets are nested more than {limits.expression_depth} deep.",
                    token.start(),
                    "Split the expression over several assignments.",
                )
        elif token.lastgroup == "close":
            depth -= 1
        elif token.lastgroup == "operator":
            operators += 1
        elif token.lastgroup == "foreign" and foreign is None:
            foreign = token.start()
    if operators > _MOST_OPERATORS:
        raise Fault(
            "EXPRESSION_LIMIT",
            f"The expression has more than {_MOST_OPERATORS} operators.",
            0,
            "Split it over several assignments.",
        )
    return foreign


def syntax_fault(source: str, error: Exception, foreign: int | None) -> Fault:
    """The library's complaint as a fault in wfnb's words."""
    told = _foreign_fault(source, foreign)
    if told is not None:
        return told
    code = str(getattr(error, "error", ""))
    found, expected = getattr(error, "current", None), getattr(error, "expected", None)
    # For S0202 and S0203 the library gives what it wanted first and what it found second.
    wanted, here = (found, expected) if code in {"S0202", "S0203"} else (None, found)
    reason = _REASONS.get(code, "The expression cannot be read.")
    message = reason.format(found=_token(here), expected=_token(wanted))
    end = int(getattr(error, "location", 0) or 0)
    length = (
        len(str(here)) if code in {"S0201", "S0202", "S0204", "S0206", "S0211"} and here is not None else 1
    )
    at = len(source) if code in {"S0203", "S0207"} else max(end - length, 0)
    return Fault("EXPRESSION_SYNTAX", message, at, _hint(source, at))


def _foreign_fault(source: str, foreign: int | None) -> Fault | None:
    if foreign is None:
        return None
    token = _SCAN.match(source, foreign)
    text = token[0] if token else source[foreign]
    return Fault("EXPRESSION_SYNTAX", f"There is no operator {text} in expressions.", foreign, _FOREIGN[text])


def _token(value: object) -> str:
    return "the end" if value is None or value == "(end)" else f"{value!r}"


def _hint(source: str, at: int) -> str:
    if source[at : at + 1] == "'" or source.count('"') % 2:
        return "Check the quotation marks."
    return "Check brackets, quotation marks and operators."
