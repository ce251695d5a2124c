"""Marks in the text of a message: where a quote begins, where a forward begins, where a signature begins.

Everything here looks at lines with plain string operations: the time is linear in the text, whoever wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Boundary", "find_boundary", "find_signature", "is_forward_mark"]

_LINE_CHARS = 400  # an attribution is short; the rest of a longer line cannot matter
_JOINED_LINES = 3  # mail programs wrap an attribution into at most three lines
_HEADER_LINES = 7

# How mail programs introduce a quote: (language, how it begins, what it says). Texts are compared in lower case.
_ATTRIBUTIONS = (
    ("en", ("on ",), ("wrote",)),
    ("de", ("am ", "on "), ("schrieb",)),
    ("fr", ("le ",), ("a écrit", "a ecrit")),
    ("es", ("el ",), ("escribió", "escribio")),
    ("it", ("il ",), ("ha scritto",)),
    ("nl", ("op ",), ("schreef", "het volgende geschreven")),
    ("pt", ("em ",), ("escreveu",)),
    ("da", ("den ", "d. "), ("skrev",)),
    ("pl", ("w dniu ", "dnia ", "pon", "wt", "śr", "czw", "pt", "sob", "niedz"), ("napisał", "pisze")),
    ("cs", ("dne ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "), ("napsal", "odesílatel")),
)
_EAST_ASIAN = (("ja", "年"), ("ko", "작성"), ("zh", "写道"), ("zh", "寫道"))
_ORIGINAL = (
    "original message", "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "message d'origine",
    "message d’origine", "message original", "mensaje original", "mensagem original", "messaggio originale",
    "oorspronkelijk bericht", "originalt meddelande", "oprindelig meddelelse", "wiadomość oryginalna", "původní zpráva",
)  # fmt: skip
_FORWARDED = (
    "forwarded message", "begin forwarded message", "weitergeleitete nachricht", "anfang der weitergeleiteten",
    "message transféré", "mensaje reenviado", "messaggio inoltrato", "doorgestuurd bericht", "転送されたメッセージ",
)  # fmt: skip
_FROM = {"from", "von", "de", "da", "van", "från", "fra", "od", "差出人", "发件人"}
_SENT = {"sent", "date", "gesendet", "datum", "envoyé", "fecha", "enviado", "inviato", "data", "verzonden", "skickat",
         "sendt", "dato", "wysłano", "odesláno", "送信日時", "日付", "发送时间", "日期"}  # fmt: skip
_OTHER = {"to", "an", "à", "para", "a", "aan", "till", "til", "do", "komu", "宛先", "收件人", "subject", "betreff",
          "objet", "asunto", "oggetto", "onderwerp", "ämne", "emne", "temat", "předmět", "件名", "主题", "assunto",
          "cc", "kopie"}  # fmt: skip
_MOBILE = (
    "sent from my ", "sent from outlook", "get outlook for ", "von meinem ", "gesendet mit ", "gesendet von ",
    "envoyé de mon ", "envoyé depuis ", "enviado desde mi ", "inviato da ", "verzonden vanaf mijn ", "skickat från min ",
    "sendt fra min ", "iphoneから送信",
)  # fmt: skip
_CLOSINGS = {
    "best regards", "kind regards", "regards", "best wishes", "many thanks", "yours sincerely", "cheers", "thanks",
    "mit freundlichen grüßen", "freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "cordialement",
    "bien cordialement", "saludos", "un saludo", "cordiali saluti", "met vriendelijke groet", "groeten",
    "med venlig hilsen", "vänliga hälsningar",
}  # fmt: skip
_CLOSING_LINES = 6
_CLOSING_CHARS = 60


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a quote begins.

    Parameters
    ----------
    start, end
        Lines of the mark itself: ``lines[start:end]``.
    kind
        Sort of mark.
    language
        Of the attribution, when it tells.
    """

    start: int
    end: int
    kind: Literal["attribution", "separator", "header-block"]
    language: str | None = None


def find_boundary(lines: list[str]) -> Boundary | None:
    """The first mark that introduces a quote, or None.

    Examples
    --------
    >>> find_boundary(["Yes.", "", "Am 02.11.26 um 09:14 schrieb Mara:", "> Geht es?"])
    Boundary(start=2, end=3, kind='attribution', language='de')
    """
    for index, line in enumerate(lines):
        folded = _fold(line)
        if not folded:
            continue
        if _is_separator(folded):
            return Boundary(index, index + 1, "separator")
        if end := _header_block_end(lines, index, folded):
            return Boundary(_with_rule(lines, index), end, "header-block")
        if found := _attribution(lines, index, folded):
            return found
    return None


def is_forward_mark(line: str) -> bool:
    """Whether a line announces a forwarded message: its text is meant to be read, not to be cut off."""
    folded = _fold(line)
    bare = folded.strip("-_ :>")
    return bare.startswith(_FORWARDED) and (folded[:1] == "-" or folded.endswith(":"))


def find_signature(lines: list[str]) -> tuple[int, str] | None:
    """First line of a signature and the rule that found it, or None. A signature is never the whole text.

    Examples
    --------
    >>> find_signature(["Please call me.", "-- ", "Ann Example", "+1 555 0100"])
    (1, 'signature-dashes')
    """
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if not filled:
        return None
    for index in filled[1:]:
        if lines[index].rstrip() == "--" or set(lines[index].strip()) == {"_"}:
            return index, "signature-dashes"
    if (
        len(filled) > 1
        and _fold(lines[filled[-1]]).startswith(_MOBILE)
        and len(lines[filled[-1]]) < _CLOSING_CHARS * 2
    ):
        return filled[-1], "signature-mobile"
    # A closing stands near the end: only the last lines are looked at.
    tail = filled[1:][-(_CLOSING_LINES + 1) :]
    for position, index in enumerate(tail):
        short = all(len(lines[later]) <= _CLOSING_CHARS for later in tail[position + 1 :])
        if short and _fold(lines[index]).rstrip(",.! ") in _CLOSINGS:
            return index, "signature-closing"
    return None


def _fold(line: str) -> str:
    return line[:_LINE_CHARS].replace("\u00a0", " ").replace("\u202f", " ").replace("*", "").strip().lower()


def _is_separator(folded: str) -> bool:
    return folded.startswith("--") and folded.strip("- ").startswith(_ORIGINAL)


def _label(folded: str) -> str:
    label, colon, _ = folded.replace("：", ":").partition(":")
    return label.strip() if colon else ""


def _header_block_end(lines: list[str], start: int, folded: str) -> int:
    """Line after a block ``From: … Sent: … To: … Subject: …`` that begins at `start`; 0 when there is none."""
    if _label(folded) not in _FROM:
        return 0
    labels, end = [], start + 1
    for index in range(start + 1, min(start + _HEADER_LINES, len(lines))):
        label = _label(_fold(lines[index]))
        if label in _SENT or label in _OTHER:
            labels.append(label)
            end = index + 1
    return end if any(label in _SENT for label in labels) and any(label in _OTHER for label in labels) else 0


def _with_rule(lines: list[str], start: int) -> int:
    """The line of underscores above a header block belongs to it."""
    above = start - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    rule = lines[above].strip() if above >= 0 else ""
    return above if len(rule) >= 10 and set(rule) <= set("_-") else start


def _attribution(lines: list[str], start: int, folded: str) -> Boundary | None:
    joined = folded
    for end in range(start + 1, start + _JOINED_LINES + 1):
        if joined.endswith((":", "：")):
            language = _attribution_language(joined)
            return Boundary(start, end, "attribution", language) if language else None
        if end >= len(lines) or not lines[end].strip() or len(joined) > _LINE_CHARS:
            return None
        joined = f"{joined} {_fold(lines[end])}"
    return None


def _attribution_language(joined: str) -> str | None:
    """Language of an attribution. It names a time, and usually an address: a sentence that merely ends so does not."""
    if not any(char.isdigit() for char in joined):
        return None
    for language, begins, says in _ATTRIBUTIONS:
        if joined.startswith(begins) and any(verb in joined for verb in says):
            return language
    for language, word in _EAST_ASIAN:
        if word in joined and ("@" in joined or joined[:1].isdigit() or word != "年"):
            return language
    return None
