// Two runs, or a run and its replay, side by side: their steps one by one, and what differs in the end.

import { choice, Dialog, field, text } from "./dialog";
import type { Panel } from "./dock";
import { html } from "./dom";
import type { Kernel } from "./kernel";
import type { Moves } from "./moves";
import type { Comparison, Pair, View } from "./protocol";

const SIGNS: Record<Pair["mark"], [string, string]> = {
  same: ["=", "the same"],
  differs: ["\u2260", "differs"],
  left: ["\u2190", "only on the left"],
  right: ["\u2192", "only on the right"],
};

export class ComparisonPanel implements Panel {
  readonly title = "Compare";
  readonly feature = "compare";
  readonly element = html("div", { class: "wfd-comparison" });

  constructor(private readonly moves: Moves) {
    this.element.append(html("p", { class: "wfd-empty" }, "Choose Compare\u2026 or Replay\u2026 above."));
  }

  show(): void {
    // What was compared stays until something else is.
  }

  tell({ title, summary, left, right, pairs, more, differences }: Comparison): void {
    const heads = [left, "", right, "Note"].map((name) => html("th", { scope: "col" }, name));
    const steps = html("table", { class: "wfd-table wfd-pairs" }, html("caption", {}, title), html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...pairs.map((pair) => this.pair(pair))));
    const rest = more ? [html("p", { class: "wfd-note" }, `and ${more.toLocaleString("en")} more steps`)] : [];
    this.element.replaceChildren(html("p", { class: "wfd-summary" }, summary), steps, ...rest, ...this.ends(differences, left, right));
  }

  private pair({ left, right, mark, note, at }: Pair): HTMLElement {
    const [sign, word] = SIGNS[mark];
    const first = html("td", {}, left);
    if (at !== null && left) {
      const there = html("button", { type: "button", class: "wfd-link wfd-inline" }, left);
      there.addEventListener("click", () => this.moves.go(at));
      first.replaceChildren(there);
    }
    const between = html("td", { class: "wfd-pair-sign" }, html("span", { "aria-hidden": "true" }, sign), html("span", { class: "wfd-hidden" }, word));
    return html("tr", { class: `wfd-pair-${mark}` }, first, between, html("td", {}, right), html("td", { class: "wfd-note" }, note));
  }

  private ends(differences: Comparison["differences"], left: string, right: string): HTMLElement[] {
    if (!differences.length) return [];
    const rows = differences.map((difference) =>
      html("tr", {}, html("td", {}, html("code", {}, difference.place)), html("td", { class: "wfd-mono" }, difference.left), html("td", { class: "wfd-mono" }, difference.right)),
    );
    const head = html("tr", {}, ...["State", left, right].map((name) => html("th", { scope: "col" }, name)));
    return [html("table", { class: "wfd-table" }, html("caption", {}, "What differs in the state"), html("thead", {}, head), html("tbody", {}, ...rows))];
  }
}

export function askComparison(root: HTMLElement, kernel: Kernel, view: View, told: (comparison: Comparison) => void): void {
  const other = text(view.parent ?? "", "run-0002");
  new Dialog(root, `Compare ${view.run}`, [field("With the run", other, view.parent ? "its parent" : "the id of any run")], "Compare", async () =>
    told(await kernel.ask("compare", { other: other.value.trim() })),
  ).open();
}

export async function askReplay(root: HTMLElement, kernel: Kernel, view: View, told: (comparison: Comparison) => void): Promise<void> {
  const { versions, version } = await kernel.ask("fork_form", {});
  const which = choice(versions.map((number) => [String(number), number === version ? `${number} (as recorded)` : String(number)]), String(version));
  const note = "Every result, answer and moment comes from the record: nothing is performed, and nothing is written.";
  new Dialog(root, `Replay ${view.run}`, [field("Against version", which, note)], "Replay", async () =>
    told(await kernel.ask("replay", { version: Number(which.value) === version ? null : Number(which.value) })),
  ).open();
}
