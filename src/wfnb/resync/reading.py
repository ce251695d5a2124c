"""One file, read: what workflows it holds, and for each its definition or what is wrong with it. Nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from wfnb.errors import DefinitionError, WfnbError
from wfnb.limits import LIMITS
from wfnb.model.codec import load_text
from wfnb.model.values import JsonValue, content_hash
from wfnb.resync.found import Found, Scope
from wfnb.security.escape import visible
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.findings import Finding

__all__ = ["read_file"]

_CELL = re.compile(r"\A%%workflow\b[^\n]*\n")
_LINE = re.compile(r"\bline (\d+)")


def read_file(file: Path, path: str, scope: Scope, catalog: Catalog) -> list[Found]:
    """The workflows of a file.

    Parameters
    ----------
    file
        Where it is.
    path
        What it is called in its folder.
    scope, catalog
        The folder's scope, and what definitions may refer to.
    """
    try:
        texts = list(_texts(_bytes(file), path))
    except WfnbError as error:
        return [Found(scope, path, error=_sentence(error), line=_line_of(error))]
    return [_read(text, place, scope, catalog, first) for place, text, first in texts]


def _bytes(file: Path) -> str:
    limit = LIMITS.notebook_size_bytes if file.suffix == ".ipynb" else LIMITS.definition_size_bytes
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise DefinitionError(
                f"The file has more than {limit:,} bytes, too many for a workflow.", code="FILE_TOO_LARGE"
            )
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise DefinitionError("The file is not UTF-8 text.", code="BROKEN_TEXT") from None
    except OSError as error:
        raise DefinitionError(f"The file cannot be read: {error.strerror}.", code="NO_SUCH_FILE") from None


def _texts(text: str, path: str) -> Iterator[tuple[str, str, int]]:
    """Place, text and number of lines before it, of every workflow in a file."""
    if not path.endswith(".ipynb"):
        yield path, text, 0
        return
    for number, source in enumerate(_cells(text), 1):
        head = _CELL.match(source)
        if head is not None:
            yield f"{path}#cell-{number}", source[head.end() :], 1


def _cells(text: str) -> Iterator[str]:
    """Sources of the code cells of a notebook."""
    try:
        cells = json.loads(text)["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DefinitionError("The file is not a notebook.", code="BROKEN_JSON") from None


def _read(text: str, path: str, scope: Scope, catalog: Catalog, lines_before: int) -> Found:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        raw = load_text(text, where=path)
    except WfnbError as error:
        line = _line_of(error)
        at = None if line is None else line + lines_before
        return Found(scope, path, digest, error=_sentence(error), line=at)
    identifier = _text_of(raw, "id")
    if identifier is None:
        missing = "The file holds no workflow: “id” is missing, the name that runs are started with."
        return Found(scope, path, digest, error=missing)
    checked = check(raw, catalog)
    faults = [finding for finding in checked.findings if finding.severity == "error"]
    name = _text_of(raw, "name")
    if faults or checked.definition is None:
        return Found(scope, path, digest, identifier, name, error=_told(faults))
    # What people write beside the content, comments and the order of keys, changes no definition.
    content = content_hash(checked.definition.to_json())
    return Found(scope, path, content, identifier, name, checked.definition.to_json())


def _text_of(raw: JsonValue, key: str) -> str | None:
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) and value else None


def _told(faults: list[Finding]) -> str:
    """The first fault in a sentence, and how many more there are."""
    if not faults:
        return "The file holds no workflow."
    first = faults[0]
    hint = f" {first.hint}" if first.hint else ""
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    return visible(f"{first.message} (at {first.path}){hint}{more}", 1_000)


def _sentence(error: WfnbError) -> str:
    hint = f" {error.hint}" if error.hint else ""
    return visible(f"{error.message}{hint}", 1_000)


def _line_of(error: WfnbError) -> int | None:
    found = _LINE.search(error.where or "")
    return int(found[1]) if found else None
