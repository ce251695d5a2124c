// Expressions that are evaluated at every position, with the values they had before.

import type { Panel } from "./dock";
import { button, html, svg } from "./dom";
import type { Kernel } from "./kernel";
import type { Moves } from "./moves";
import type { History, View, Watch } from "./protocol";

export class WatchesPanel implements Panel {
  readonly title = "Watches";
  readonly feature = "watches";
  private readonly input = html("input", { class: "wfd-input", type: "text", "aria-label": "Expression to watch", placeholder: "vars.total * 2", spellcheck: "false", autocomplete: "off" });
  private readonly fault = html("p", { class: "wfd-fault", role: "alert", hidden: true });
  private readonly body = html("tbody");
  private readonly table = html(
    "table",
    { class: "wfd-table" },
    html("caption", { class: "wfd-hidden" }, "Watches"),
    html("thead", {}, html("tr", {}, ...["Expression", "Value", "Over time", ""].map((name) => html("th", { scope: "col" }, name)))),
    this.body,
  );
  readonly element: HTMLElement;
  private readonly open = new Set<string>();
  private readonly histories = new Map<string, { stamp: string; history: History }>();
  private before = new Map<string, string>(); // what each was at another position
  private view: View | undefined;

  constructor(private readonly kernel: Kernel, private readonly moves: Moves) {
    const form = html("form", { class: "wfd-row-form" }, this.input, html("button", { type: "submit", class: "wfd-button" }, "Watch"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(this.input.value);
    });
    this.element = html("div", { class: "wfd-watches" }, form, this.fault, this.table);
  }

  add(expression: string): void {
    if (!expression.trim()) return;
    this.moves.do("watch", { expression: expression.trim() }).then(
      () => {
        this.input.value = "";
        this.fault.hidden = true;
      },
      (error: Error) => {
        this.fault.textContent = error.message;
        this.fault.hidden = false;
      },
    );
  }

  badge(view: View): string {
    return view.watches.length ? String(view.watches.length) : "";
  }

  show(view: View): void {
    if (this.view && this.view.position !== view.position) this.before = new Map(this.view.watches.map(({ expression, text }) => [expression, text]));
    this.view = view;
    this.table.hidden = view.watches.length === 0;
    this.body.replaceChildren(...view.watches.flatMap((watch) => this.rows(watch, view)));
  }

  private rows(watch: Watch, view: View): HTMLElement[] {
    const { expression, text, kind } = watch;
    const changed = (this.before.get(expression) ?? text) !== text;
    const open = this.open.has(expression);
    const value = html("td", { class: `wfd-mono wfd-${kind}${changed ? " wfd-now-line" : ""}`, title: text }, text);
    const remove = button("\u00d7", () => void this.moves.do("unwatch", { expression }), { class: "wfd-button wfd-round", "aria-label": `Remove the watch ${expression}` });
    const over = view.features.includes("history")
      ? button(open ? "hide" : "show", () => this.toggle(expression), { class: "wfd-link wfd-inline", "aria-expanded": String(open), "aria-label": `Values of ${expression} over time` })
      : "";
    const row = html("tr", {}, html("td", {}, html("code", {}, expression)), value, html("td", {}, over), html("td", {}, remove));
    return open ? [row, this.history(expression, view)] : [row];
  }

  private toggle(expression: string): void {
    if (!this.open.delete(expression)) this.open.add(expression);
    if (this.view) this.show(this.view);
  }

  private history(expression: string, view: View): HTMLElement {
    const stamp = `${view.run} ${view.stamp}`;
    const known = this.histories.get(expression);
    const cell = html("td", { colspan: 4 });
    if (known?.stamp === stamp) cell.append(...this.values(known.history, view));
    else void this.load(expression, stamp);
    return html("tr", { class: "wfd-history" }, cell);
  }

  private async load(expression: string, stamp: string): Promise<void> {
    try {
      this.histories.set(expression, { stamp, history: await this.kernel.ask("history", { expression }) });
    } catch {
      this.open.delete(expression);
    }
    if (this.view) this.show(this.view);
  }

  private values({ items, more }: History, view: View): Node[] {
    const numbers = items.filter((item) => item.number !== null) as { at: number; text: string; number: number }[];
    const chips = items.map(({ at, text }) =>
      button(text, () => this.moves.go(at), { class: `wfd-chip${at <= view.position ? "" : " wfd-ahead"}`, title: `from position ${at} on` }),
    );
    const list = html("div", { class: "wfd-chips" }, ...chips, more ? html("span", { class: "wfd-note" }, "and more") : "");
    return numbers.length > 1 && numbers.length > items.length / 2 ? [spark(numbers, view), list] : [list];
  }
}

function spark(items: { at: number; number: number }[], view: View): SVGElement {
  const [width, height] = [260, 34];
  const values = items.map((item) => item.number);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (at: number): number => (at / Math.max(1, view.length)) * width;
  const y = (value: number): number => height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
  let d = "";
  for (const [index, { at, number }] of items.entries()) d += index ? `H${x(at).toFixed(1)}V${y(number).toFixed(1)}` : `M${x(at).toFixed(1)} ${y(number).toFixed(1)}`;
  const now = x(view.position).toFixed(1);
  return svg(
    "svg",
    { class: "wfd-spark", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `From ${low} to ${high}` },
    svg("path", { class: "wfd-spark-now", d: `M${now} 0V${height}` }),
    svg("path", { class: "wfd-spark-line", d: `${d}H${width}` }),
  );
}
