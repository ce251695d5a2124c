// What the run logged, what happened to it, and what log points wrote, up to the cursor; the last line is in view.

import type { Panel } from "./dock";
import { html } from "./dom";
import type { Kernel } from "./kernel";
import { Late } from "./late";
import type { Moves } from "./moves";
import type { LogLine, View } from "./protocol";

export class LogPanel implements Panel {
  readonly title = "Log";
  readonly feature = "log";
  readonly element = html("div", { class: "wfd-log" });
  private readonly late: Late;
  private position = 0;

  constructor(kernel: Kernel, private readonly moves: Moves) {
    this.late = new Late(this.element, async () => this.paint((await kernel.ask("lines", {})).items));
  }

  badge(view: View): string {
    return view.logged ? String(view.logged) : "";
  }

  show(view: View): void {
    this.position = view.position;
    this.late.want(`${view.run} ${view.stamp} ${view.position} ${view.logged}`);
  }

  opened(): void {
    this.late.load();
  }

  private paint(items: LogLine[]): void {
    if (!items.length) {
      this.element.replaceChildren(html("p", { class: "wfd-empty" }, "Nothing yet. A breakpoint with a log line writes here and lets the run go on."));
      return;
    }
    this.element.replaceChildren(...items.map((line) => this.line(line)));
    const panel = this.element.parentElement;
    if (panel) panel.scrollTop = panel.scrollHeight;
  }

  private line({ at, time, kind, text }: LogLine): HTMLElement {
    const parts = [html("span", { class: "wfd-nr" }, at === null ? time.slice(11, 23) : String(at)), html("code", {}, kind), html("span", {}, text)];
    if (at === null) return html("div", { class: "wfd-link wfd-log-line" }, ...parts);
    const line = html("button", { type: "button", class: `wfd-link wfd-log-line${at === this.position ? " wfd-now-line" : ""}` }, ...parts);
    line.addEventListener("click", () => this.moves.go(at));
    return line;
  }
}
