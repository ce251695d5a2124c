"""The new text of a message: without what it quotes, without the signature, and with an account of how it was found.

The rule above all others: rather too much text than too little. When a mark is not clear, the text stays and the
confidence drops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wfnb.maildesk.blocks import html_to_text
from wfnb.maildesk.bounds import NEW_HTML_BYTES, NEW_TEXT_BYTES, fit
from wfnb.maildesk.html_clean import HTML_CHARS, clean_html, strip_quoted_html
from wfnb.maildesk.models import ParsedEmail, ParserFacts, ParserMetadata, Tokens
from wfnb.maildesk.reply_marks import Boundary, find_boundary, find_signature, is_forward_mark
from wfnb.maildesk.reply_tokens import find_reply_token
from wfnb.model.values import size_bytes

__all__ = ["Split", "parse_reply", "split_reply"]

TEXT_CHARS = 200_000
"""Characters of text that are read; what comes after is cut off."""

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u2060\ufeff\u00ad\0"))

Confidence = Literal["high", "medium", "low"]


@dataclass(slots=True)
class Split:
    """The new text and how it was found.

    Parameters
    ----------
    text
        The new text.
    strategy
        ``whole-body``, ``top-posted``, ``bottom-posted``, ``inline``, ``trailing-quote`` or ``forward``.
    confidence
        How sure the split is.
    heuristics
        Rules that applied, in order.
    warnings
        What a person should know.
    """

    text: str
    strategy: str
    confidence: Confidence
    heuristics: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def split_reply(text: str, *, remove_signature: bool = True) -> Split:
    r"""Split the new text of a plain-text body from the rest.

    Parameters
    ----------
    text
        The body; only the first `TEXT_CHARS` characters are read.
    remove_signature
        Whether a signature is taken off, too.

    Examples
    --------
    >>> split_reply("Works now.\n\nLe lun. 2 nov. 2026 à 09:14, Desk <a@b.example> a écrit :\n> Et maintenant ?").text
    'Works now.'
    """
    lines = text[:TEXT_CHARS].replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE).split("\n")
    split, rest = _without_quote(lines)
    if len(text) > TEXT_CHARS:
        split.warnings.append("text-cut")
        split.confidence = "low"
    found = find_signature(rest) if remove_signature and split.strategy != "forward" else None
    if found:
        rest = rest[: found[0]]
        split.heuristics.append(found[1])
    split.text = fit(_join(rest), NEW_TEXT_BYTES)
    return split


def parse_reply(text: str | None, html: str | None, *, remove_signature: bool = True) -> ParsedEmail:
    """The new text of a message from its readable parts.

    Parameters
    ----------
    text, html
        The bodies; text is made from HTML when there is none.
    remove_signature
        Whether a signature is taken off the text.

    Raises
    ------
    MissingExtraError
        When there is HTML and the package nh3 is missing.

    Examples
    --------
    >>> parsed = parse_reply(None, "<p>It <b>works</b>.</p><div class='gmail_quote'>On Monday ...</div>")
    >>> parsed.sanitized_text, parsed.sanitized_html
    ('It works.', '<p>It <b>works</b>.</p>')
    """
    clean, stripped, whole_text = _clean_parts(html)
    source = text if text and text.strip() else (html_to_text(clean) if clean else text or "")
    split = split_reply(source, remove_signature=remove_signature)
    if stripped:
        split.heuristics.append("html-quote-removed")
    if html and not (text and text.strip()):
        split.heuristics.append("text-from-html")
    if html and len(html) > HTML_CHARS:
        split.warnings.append("html-cut")
        split.confidence = "low"
    if size_bytes(clean) > NEW_HTML_BYTES:
        # Cleaning adds to every link: what was sent within bounds may leave them. Text is left.
        split.warnings.append("html-left-out")
        clean = ""
    if not split.text:
        split.warnings.append("empty-body")
    facts = ParserFacts(
        confidence=split.confidence,
        strategy=split.strategy,
        heuristics=tuple(split.heuristics),
        warnings=tuple(split.warnings),
        tokens=Tokens(conversation_token=find_reply_token(text, whole_text)),
    )
    return ParsedEmail(
        sanitized_text=split.text,
        sanitized_html=clean or None,
        confidence=split.confidence,
        metadata=ParserMetadata(parser=facts),
    )


def _clean_parts(html: str | None) -> tuple[str, bool, str]:
    """Harmless HTML, whether a quote was removed from it, and the text of the whole; empty without visible text."""
    if not html or not html.strip():
        return "", False, ""
    whole_text = html_to_text(html)
    if any(is_forward_mark(line) for line in whole_text.split("\n")):
        return clean_html(html), False, whole_text
    clean, stripped = strip_quoted_html(html)
    if stripped and not html_to_text(clean).strip():
        clean, stripped = clean_html(html), False
    if not html_to_text(clean).strip() and "<img" not in clean:
        return "", False, whole_text
    return clean, stripped, whole_text


def _without_quote(lines: list[str]) -> tuple[Split, list[str]]:
    boundary = find_boundary(lines)
    forward = next((index for index, line in enumerate(lines) if is_forward_mark(line)), None)
    if forward is not None and (boundary is None or forward <= boundary.start):
        return Split("", "forward", "medium", ["forward-kept"]), lines
    if boundary is None:
        return _without_trailing_quote(lines)
    split, rest = _around(lines, boundary)
    split.heuristics.insert(0, boundary.kind)
    if boundary.language:
        split.heuristics.insert(1, f"language-{boundary.language}")
    return split, rest


def _without_trailing_quote(lines: list[str]) -> tuple[Split, list[str]]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_quoted(lines[end - 1])):
        end -= 1
    if any(_is_quoted(line) for line in lines[:end]):
        return Split("", "inline", "medium", ["inline-quotes"]), lines
    if not any(_is_quoted(line) for line in lines[end:]):
        return Split("", "whole-body", "high"), lines
    if end == 0:
        return Split("", "whole-body", "low", [], ["only-quoted-text"]), lines
    return Split("", "trailing-quote", "medium", ["trailing-quote"]), lines[:end]


def _around(lines: list[str], boundary: Boundary) -> tuple[Split, list[str]]:
    """What is new before and after the mark of a quote."""
    before, after = lines[: boundary.start], lines[boundary.end :]
    answers = _unquoted_after_quotes(after)
    if boundary.kind == "attribution" and answers:
        if not _has_text(before) and answers[0] == "below":
            return Split("", "bottom-posted", "medium"), answers[1]
        return Split("", "inline", "medium"), [*before, *after]
    if not _has_text(before):
        # Nothing above: perhaps a forward without a mark. Rather the whole text than none.
        return Split("", "whole-body", "low", [], ["only-quoted-text"]), lines
    quoted = boundary.kind != "attribution" or any(_is_quoted(line) for line in after) or not _has_text(after)
    return Split("", "top-posted", "high" if quoted else "medium"), before


def _unquoted_after_quotes(after: list[str]) -> tuple[Literal["below", "between"], list[str]] | None:
    """Text that follows quoted lines, unless it is a signature: below one block of quotes, or between several."""
    quoted = [index for index, line in enumerate(after) if _is_quoted(line)]
    if not quoted:
        return None
    signature = next((index for index, line in enumerate(after) if line.rstrip() == "--"), len(after))
    answers = [i for i in range(quoted[0], signature) if after[i].strip() and not _is_quoted(after[i])]
    if not answers:
        return None
    return ("below", after[answers[0] :]) if answers[0] > quoted[-1] else ("between", after)


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _has_text(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _join(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n").strip()
