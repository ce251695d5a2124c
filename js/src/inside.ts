// The inside of the step that comes next: what is evaluated, one after another, and what it gives.

import type { Panel } from "./dock";
import { html } from "./dom";
import type { Kernel } from "./kernel";
import { Late } from "./late";
import type { Inside, View } from "./protocol";

export class InsidePanel implements Panel {
  readonly title = "Inside";
  readonly feature = "inside";
  readonly element = html("div", { class: "wfd-inside-list" });
  private readonly late: Late;

  constructor(kernel: Kernel) {
    this.late = new Late(this.element, async () => this.paint(await kernel.ask("inside", {})));
  }

  show(view: View): void {
    this.late.want(`${view.run} ${view.stamp} ${view.position} ${view.micro?.[0] ?? ""}`);
  }

  opened(): void {
    this.late.load();
  }

  private paint({ step, at, items }: Inside): void {
    if (!items.length) {
      this.element.replaceChildren(html("p", { class: "wfd-empty" }, step ? `Nothing is evaluated in ${step}.` : "No step comes next."));
      return;
    }
    const rows = items.map(({ kind, title, expression, value }, index) =>
      html(
        "tr",
        { "aria-current": index === at ? "step" : undefined, class: index === at ? "wfd-now-line" : "" },
        html("td", { class: "wfd-nr" }, String(index + 1)),
        html("td", {}, html("span", { class: "wfd-kind" }, kind)),
        html("td", {}, title),
        html("td", {}, expression ? html("code", {}, expression) : ""),
        html("td", { class: "wfd-mono", title: value }, value),
      ),
    );
    const head = html("tr", {}, ...["", "What", "Where", "Expression", "Value"].map((name) => html("th", { scope: "col" }, name)));
    this.element.replaceChildren(html("table", { class: "wfd-table" }, html("caption", {}, `Inside ${step}`), html("thead", {}, head), html("tbody", {}, ...rows)));
  }
}
