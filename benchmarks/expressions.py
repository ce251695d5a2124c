"""Time of expressions, side by side with jsonata-python and, where there is one, JSONata in node.

Run it: ``python benchmarks/expressions.py``. Node is measured when ``node`` is on the path and the folder named by
``WFNB_BENCH_NODE_MODULES`` holds the package ``jsonata`` (``npm install --prefix FOLDER jsonata``).
"""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfnb.expr import EXTENDED, compile_expression
from wfnb.expr.expressions import _compile
from wfnb.expr.library import load

ITEMS = [
    {"sku": f"s{number}", "price": number * 1.3 + 0.25, "qty": number % 7 + 1, "type": "ab"[number % 2]}
    for number in range(100)
]
SCOPE: dict[str, Any] = {
    "payload": {
        "customer": {"email": "ann@example.org", "name": "Ann", "tier": "gold"},
        "items": ITEMS,
        "n": 5,
        "text": "hello",
    },
    "vars": {"sku": "s3", "threshold": 50},
    "meta": {"id": 5890840712243076},
}

SCALARS = [
    "payload.customer.email",
    "payload.n >= 3 and payload.customer.tier = 'gold'",
    "payload.n * 2 + 1",
    "payload.missing ?? payload.n",
    "payload.n > 3 ? 'big' : 'small'",
    "'Dear ' & payload.customer.name & ' (' & payload.customer.email & '), n=' & payload.n",
    "{'a': payload.n, 'b': payload.customer.name, 'c': vars.sku, 'd': meta.id}",
    "payload.items[0].sku",
    "[payload.n, vars.threshold]",
    "$uppercase(payload.text)",
    "payload.customer.name in ['Ann', 'Bob']",
]
ARRAYS = [
    "payload.items.sku",
    "payload.items[price > 50].sku",
    "payload.items[type = 'a' and qty > 3].price",
    "payload.items[sku = $vars.sku].price",
    "payload.items.(price * qty)",
    "$sum(payload.items.(price * qty))",
    "payload.items.{'sku': sku, 'total': price * qty}",
    "payload.items^(>price).sku",
    "payload.items{type: $sum(price)}",
    "$count(payload.items[qty = 2])",
    "$join(payload.items.sku, ',')",
    "$distinct(payload.items.type)",
]

_NODE = """
const jsonata = require(process.argv[2]); const fs = require('fs');
(async () => {
  const {sources, scope} = JSON.parse(fs.readFileSync(process.argv[3])); const out = [];
  for (const source of sources) {
    const e = jsonata(source), names = {payload: scope.payload, vars: scope.vars, meta: scope.meta};
    for (let i = 0; i < 300; i++) await e.evaluate(scope, names);
    let best = Infinity;
    for (let round = 0; round < 5; round++) {
      let n = 0; const start = process.hrtime.bigint(); let took = 0n;
      do { for (let i = 0; i < 50; i++) await e.evaluate(scope, names); n += 50;
           took = process.hrtime.bigint() - start; } while (took < 30000000n);
      best = Math.min(best, Number(took) / 1000 / n);
    }
    out.push(best);
  }
  console.log(JSON.stringify(out));
})();
"""


def best_us(work: Callable[[], object], seconds: float = 0.12) -> float:
    """Microseconds of one call: the best of several rounds, so that other work on the machine counts little."""
    work()
    rounds, best = 5, math.inf
    for _ in range(rounds):
        calls, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < seconds / rounds:
            for _ in range(10):
                work()
            calls += 10
        best = min(best, took / calls)
    return best * 1e6


def jsonata_python_us(source: str) -> float:
    """jsonata-python as one would use it at its best: input validation off, bindings given with each call."""
    engine = load()["jsonata"].Jsonata(source)
    engine.set_validate_input(False)
    scope = copy.deepcopy(SCOPE)
    return best_us(lambda: engine.evaluate(scope, scope))


def node_us(sources: list[str]) -> list[float | None]:
    """JSONata in node for all sources, or Nones when it is not there."""
    modules, node = os.environ.get("WFNB_BENCH_NODE_MODULES"), shutil.which("node")
    package = Path(modules or "") / "node_modules" / "jsonata"
    if not modules or not node or not package.is_dir():
        return [None] * len(sources)
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder) / "bench.js", Path(folder) / "data.json"
        script.write_text(_NODE, encoding="utf-8")
        data.write_text(json.dumps({"sources": sources, "scope": SCOPE}), encoding="utf-8")
        done = subprocess.run(
            [node, script, package, data], capture_output=True, text=True, check=True, timeout=300
        )
    return list(json.loads(done.stdout))


def compile_us() -> float:
    """Geometric mean of parsing, checking and compiling one expression, without the cache."""
    return geomean(
        [
            best_us(lambda s=source: _compile.__wrapped__(s, EXTENDED, None), 0.03)
            for source in SCALARS + ARRAYS
        ]
    )


def geomean(values: list[float]) -> float:
    """Geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def run() -> list[dict[str, Any]]:
    """Rows of name, wfnb_us, jsonata_python_us and node_us (None when node is not there); then the means per class."""
    rows = []
    sources = [*SCALARS, *ARRAYS]
    for source, node in zip(sources, node_us(sources), strict=True):
        compiled = compile_expression(source, profile=EXTENDED)
        ours = best_us(lambda one=compiled: one.evaluate(SCOPE))
        rows.append(
            {"name": source, "wfnb_us": ours, "jsonata_python_us": jsonata_python_us(source), "node_us": node}
        )
    for name, part in (
        ("mean of scalars", rows[: len(SCALARS)]),
        ("mean of 100 items", rows[len(SCALARS) :]),
    ):
        mean: dict[str, Any] = {"name": name}
        for key in ("wfnb_us", "jsonata_python_us", "node_us"):
            known = [row[key] for row in part if row[key] is not None]
            mean[key] = geomean(known) if known else None
        rows.append(mean)
    cached = best_us(lambda: compile_expression("payload.items[price > 50].sku", profile=EXTENDED))
    rows.append({"name": "compile", "wfnb_us": compile_us(), "jsonata_python_us": None, "node_us": None})
    rows.append({"name": "compile, cached", "wfnb_us": cached, "jsonata_python_us": None, "node_us": None})
    return rows


def main() -> None:
    """Print the rows as a table."""
    print(f"{'expression':<88}{'wfnb':>9}{'jsonata-python':>16}{'node':>9}   us")
    for row in run():
        figures = [row["wfnb_us"], row["jsonata_python_us"], row["node_us"]]
        shown = ["-" if figure is None else f"{figure:.2f}" for figure in figures]
        print(f"{row['name']:<88}{shown[0]:>9}{shown[1]:>16}{shown[2]:>9}")


if __name__ == "__main__":
    main()
