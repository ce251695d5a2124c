"""What actions hide of their calls: kept with the runs, read by whoever shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.test_rows import CALL
from wfnb.store.port import Store
from wfnb.store.redactions import Redaction, declare, declared, hide

CARD = Redaction(input=("/card/number",), output=("/token", "/lines/0"))


def test_the_last_declaration_counts(store: Store) -> None:
    declare(store.database, "pay", 1, CARD)
    declare(store.database, "pay", 2, Redaction(input=("",)))
    declare(store.database, "pay", 1, CARD)
    assert declared(store.database) == {("pay", 1): CARD, ("pay", 2): Redaction(input=("",))}
    declare(store.database, "pay", 1, Redaction())
    assert declared(store.database)["pay", 1] == Redaction()


def test_an_action_that_hides_nothing_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(store.database), "writing", None)
    declare(store.database, "pay", 1, Redaction())
    assert declared(store.database) == {}


def test_rows_for_people_are_masked_and_others_stay_as_they_are() -> None:
    row = replace(
        CALL,
        action_id="pay",
        action_version=1,
        input={"card": {"number": "4111", "name": "Ann"}},
        output={"token": "t", "lines": [1, 2]},
    )
    other = replace(row, action_version=2)
    shown = hide([row, other], {("pay", 1): CARD})
    assert shown[0].input == {"card": {"number": "[REDACTED]", "name": "Ann"}}
    assert shown[0].output == {"token": "[REDACTED]", "lines": ["[REDACTED]", 2]}
    assert shown[1] is other
    assert row.input == {"card": {"number": "4111", "name": "Ann"}}
    assert hide([replace(row, output=None)], {("pay", 1): CARD})[0].output is None
