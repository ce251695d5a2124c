"""Fit: models against data with expressions in it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from unit.validate.examples import expr
from wfnb.validate.fit import Misfit, field_path, known_fields, misfits


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int
    inner: Inner | None = None
    inners: list[Inner] = []
    ratio: float = Field(default=1, gt=0, le=1)

    @model_validator(mode="after")
    def not_thirteen(self) -> Outer:
        if self.count == 13:
            raise ValueError("13 is not allowed")
        return self


@pytest.mark.parametrize(
    "data",
    [
        {"count": 1},
        {"count": expr("1"), "inner": expr("x"), "inners": expr("y")},
        {"count": 1, "inners": [expr("x"), {"name": expr("y")}]},
        {"count": 1, "inner": {"$secret": "NAME"}},
        expr("everything"),
    ],
)
def test_data_that_fits_or_is_undecided_has_no_misfit(data: Any) -> None:
    assert misfits(Outer, data) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, Misfit("missing", ("count",), "is missing")),
        ({"count": 1, "inner": {}}, Misfit("missing", ("inner", "name"), "is missing")),
        ({"count": 1, "other": expr("x")}, Misfit("extra", ("other",), "is not known here")),
        ({"count": []}, Misfit("type", ("count",), "must be a whole number, not a list")),
        ({"count": 1, "ratio": 0}, Misfit("type", ("ratio",), "must be greater than 0.0")),
        ({"count": 1, "ratio": 2}, Misfit("type", ("ratio",), "must be 1.0 or less")),
        ({"count": 13}, Misfit("type", (), "does not fit: 13 is not allowed")),
        (
            {"count": 1, "inners": [expr("x"), 5]},
            Misfit("type", ("inners", 1), "must be an object, not a number"),
        ),
    ],
)
def test_each_misfit_is_told_with_its_place(data: Any, expected: Misfit) -> None:
    assert misfits(Outer, data) == [expected]


def test_a_union_complains_once() -> None:
    class Either(BaseModel):
        value: int | str

    assert len(misfits(Either, {"value": []})) == 1


def test_expressions_can_be_judged_as_they_are_written() -> None:
    found = misfits(Outer, {"count": expr("1")}, open_expressions=False)
    assert found == [Misfit("type", ("count",), "must be a whole number, not an object")]


def test_known_fields_are_those_that_are_written() -> None:
    class Aliased(BaseModel):
        one: int = Field(alias="first")
        two: int = 2

    assert known_fields(Aliased) == ["first", "two"]


def test_a_field_path_reads_like_code() -> None:
    assert field_path("a", 0, "b", 1) == "a[0].b[1]"
    assert field_path() == ""
