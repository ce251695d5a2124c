"""The two e-mail nodes: both rest on an action and have an answer of their own when it fails (specification, 4.8)."""

from __future__ import annotations

from pydantic import Field

from wfnb.model.policies import Model
from wfnb.model.values import JsonValue
from wfnb.registry.nodes import CallShape, NodeType

__all__ = ["EMAIL_NODES", "ParseBody", "RenderCommentBlocks"]

_RAW_CHARS = 4_000  # specification, 4.14: raw text kept beside a doubtful parse


class ParseBody(Model):
    """Configuration of ``email.parseBody``."""

    text: JsonValue = None
    html: JsonValue = None
    save_as: str = Field(default="payload.parsedEmail")


class RenderCommentBlocks(Model):
    """Configuration of ``email.renderCommentBlocks``."""

    html: JsonValue = None
    text: JsonValue = None
    save_as: str = Field(default="payload.commentBlocks")


def _parse_input(inputs: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: inputs[key] for key in ("text", "html") if inputs.get(key) is not None}


def _parsed(inputs: dict[str, JsonValue], output: JsonValue) -> JsonValue:
    parsed = output.get("parsed") if isinstance(output, dict) and output.get("success") else None
    if not isinstance(parsed, dict):
        return _unparsed(inputs, "parser-unavailable")
    if parsed.get("confidence") == "low":
        return {**parsed, **_raw(inputs)}
    return parsed


def _unparsed(inputs: dict[str, JsonValue], warning: str) -> dict[str, JsonValue]:
    parser = {
        "confidence": "low",
        "strategy": "fallback",
        "heuristics": [],
        "warnings": [warning],
        "tokens": {},
    }
    return {
        "sanitizedText": str(inputs.get("text") or ""),
        "sanitizedHtml": None,
        "confidence": "low",
        "metadata": {"parser": parser},
        **_raw(inputs),
    }


def _raw(inputs: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {f"raw{key.capitalize()}": _cut(inputs[key]) for key in ("text", "html") if inputs.get(key)}


def _cut(value: JsonValue) -> str:
    text = str(value)
    return text if len(text) <= _RAW_CHARS else text[:_RAW_CHARS] + "..."


def _render_input(inputs: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    return {"html": inputs["html"]} if inputs.get("html") else None


def _rendered(inputs: dict[str, JsonValue], output: JsonValue) -> JsonValue:
    if isinstance(output, dict) and output.get("success") and output.get("blocks"):
        return output["blocks"]
    return _paragraph(inputs)


def _paragraph(inputs: dict[str, JsonValue]) -> list[JsonValue]:
    return [{"type": "paragraph", "text": str(inputs.get("text") or "")}]


EMAIL_NODES = (
    NodeType(
        "email.parseBody", ParseBody, "Parse e-mail body", "E-mail",
        "Split the new text of a reply from what it quotes; never fails.",
        ({"text": {"$expr": "payload.emailData.body.text"}},),
        shape=CallShape(
            ("parse_email_reply", 1), _parse_input, _parsed, lambda inputs, _error: _unparsed(inputs, "parser-error")
        ),
    ),
    NodeType(
        "email.renderCommentBlocks", RenderCommentBlocks, "Render comment blocks", "E-mail",
        "Turn HTML into comment blocks, or the text into one paragraph; never fails.",
        ({"html": {"$expr": "payload.parsedEmail.sanitizedHtml"}},),
        shape=CallShape(
            ("convert_html_to_blocks", 1), _render_input, _rendered, lambda inputs, _error: _paragraph(inputs)
        ),
    ),
)  # fmt: skip
"""Node types of the e-mail use case; a workspace has them from the start."""
