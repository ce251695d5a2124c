// The path so far, and what was recorded behind it: one row for every step, fetched as it comes into view.

import type { Panel } from "./dock";
import { html } from "./dom";
import type { Kernel } from "./kernel";
import { LongList } from "./list";
import type { Moves } from "./moves";
import type { StepRow, View } from "./protocol";

export class PathPanel implements Panel {
  readonly title = "Path";
  readonly feature = "path";
  private readonly list: LongList<StepRow>;
  readonly element: HTMLElement;
  private position = 0;
  private stamp = "";

  constructor(kernel: Kernel, moves: Moves) {
    this.list = new LongList<StepRow>({
      label: "Steps of the run",
      load: async (from, count) => (await kernel.ask("steps", { from, count })).items,
      row: (item, index) => this.row(item, index),
      pick: (index) => moves.go(index + 1),
    });
    this.element = this.list.element;
  }

  badge(view: View): string {
    return view.length.toLocaleString("en");
  }

  show(view: View): void {
    this.position = view.position;
    const stamp = `${view.run} ${view.stamp} ${view.length}`;
    if (stamp !== this.stamp) this.list.reset(view.length);
    this.stamp = stamp;
    this.list.show(view.position - 1);
  }

  opened(): void {
    this.list.show(this.position - 1);
  }

  private row(item: StepRow | undefined, index: number): HTMLElement {
    const row = html("div", { class: `wfd-step-row${index >= this.position ? " wfd-ahead" : ""}` }, html("span", { class: "wfd-nr" }, String(index + 1)));
    if (!item) {
      row.append(html("span", { class: "wfd-note" }, "\u2026"));
      return row;
    }
    row.title = item.instance;
    row.append(html("b", {}, item.id));
    if (item.item) row.append(html("span", { class: "wfd-note" }, item.item));
    row.append(html("code", {}, item.type));
    if (item.attempt > 1) row.append(html("span", { class: "wfd-note" }, `attempt ${item.attempt}`));
    row.append(html("span", { class: "wfd-status", "data-status": item.status }, item.status.toLowerCase().replace(/_/g, " ")));
    row.append(html("span", { class: "wfd-note wfd-duration" }, item.duration));
    return row;
  }
}
