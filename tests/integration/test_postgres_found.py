"""Why, comparisons, pins, tried steps and packs over a PostgreSQL store."""

from __future__ import annotations

from pathlib import Path

import wfnb


def test_what_is_found_out_is_the_same_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    double = {
        "id": "double",
        "type": "transform.assign",
        "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}},
    }
    with wfnb.open(tmp_path, store=postgres_url, clock="2026-01-01", seed=1) as ws:
        assert ws.publish({"id": "twice", "name": "Twice", "steps": [double]}).ok
        one, other = ws.start("twice", {"n": 4}).wait(60), ws.start("twice", {"n": 5}).wait(60)
        origin = one.why("vars.n")
        assert origin is not None
        assert (origin.id, origin.inputs[0].value) == ("double", 4)
        assert [change.place for change in ws.compare(one, other).state] == ["payload.n", "vars.n"]
        assert ws.compare(one, one).identical
        assert ws.coverage_of("twice").runs == 2
        assert [pin.step for pin in ws.pins("twice").set({"double": 1}).rows] == ["double"]
        assert ws.test_step("twice", "double", run=one).envelope["vars"] == {"n": 8}
        with ws.unpack(ws.pack(one, tmp_path / "run.wfnb")) as packed:
            assert packed.run.replay().identical
