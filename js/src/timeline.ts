// The slider over all positions, with marks above it. A long run is zoomed: then the slider spans a window of positions, and a
// strip below shows where the window lies.

import { button, html } from "./dom";
import type { Kernel } from "./kernel";
import type { Moves } from "./moves";
import type { MarkKind, Marks, View } from "./protocol";
import { centred, zoomed, type Span } from "./span";

const NAMES: Record<MarkKind, string> = { error: "Error", retry: "Retry", wait: "Wait", edit: "Edit", log: "Log", break: "Breakpoint" };
const BINS = 160;
const ZOOM = 4;

export class Timeline {
  private readonly slider = html("input", { type: "range", min: 0, max: 0, value: 0, step: 1, "aria-label": "Position in the run" });
  private readonly marks = html("div", { class: "wfd-marks", "aria-hidden": "true" });
  private readonly counter = html("output", { class: "wfd-counter" });
  private readonly closer = button("+", () => this.zoom(1 / ZOOM), { class: "wfd-button wfd-round", "aria-label": "Zoom in", title: "Zoom in (+)" });
  private readonly wider = button("\u2212", () => this.zoom(ZOOM), { class: "wfd-button wfd-round", "aria-label": "Zoom out", title: "Zoom out (-)" });
  private readonly window = html("i");
  private readonly strip = html("div", { class: "wfd-strip", "aria-hidden": "true", hidden: true }, this.window);
  readonly element = html(
    "div",
    { class: "wfd-timeline" },
    html("div", { class: "wfd-track" }, this.marks, this.slider, this.strip),
    this.counter,
    html("div", { class: "wfd-zooms" }, this.wider, this.closer),
  );
  private view: View | undefined;
  private span: Span = { from: 0, to: 0 };
  private shown = "";

  constructor(private readonly kernel: Kernel, private readonly moves: Moves) {
    this.slider.addEventListener("input", () => moves.go(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.key(event));
    this.strip.addEventListener("click", (event) => this.jump(event));
  }

  show(view: View): void {
    const grown = this.view?.length !== view.length || this.view?.run !== view.run;
    const whole = !this.view || this.view.run !== view.run || this.span.to - this.span.from >= this.view.length;
    this.view = view;
    if (whole) this.span = { from: 0, to: view.length };
    else if (grown || view.position < this.span.from || view.position > this.span.to) this.span = centred(this.span, view.position, view.length);
    this.draw();
  }

  private draw(): void {
    const view = this.view;
    if (!view) return;
    const { from, to } = this.span;
    this.slider.min = String(from);
    this.slider.max = String(to);
    if (!this.moves.sliding) this.slider.value = String(view.position);
    const width = Math.max(1, to - from);
    const total = `${view.length.toLocaleString("en")}${view.live ? "+" : ""}`; // a run that goes on has more steps
    this.counter.value = `${view.position.toLocaleString("en")} / ${total}`;
    this.slider.setAttribute("aria-valuetext", `${view.position} of ${view.length}${view.step ? `, ${view.step.id}` : ""}`);
    this.slider.style.setProperty("--wfd-done", `${((view.position - from) / width) * 100}%`);
    const part = to - from < view.length;
    this.strip.hidden = !part;
    this.window.style.left = `${(from / Math.max(1, view.length)) * 100}%`;
    this.window.style.width = `${Math.max(1, (width / Math.max(1, view.length)) * 100)}%`;
    this.wider.setAttribute("aria-disabled", String(!part));
    this.closer.setAttribute("aria-disabled", String(to - from <= 20));
    void this.load(view);
  }

  private async load(view: View): Promise<void> {
    const { from, to } = this.span;
    const wanted = `${view.run} ${view.stamp} ${from} ${to}`;
    if (wanted === this.shown) return;
    this.shown = wanted;
    try {
      const marks = await this.kernel.ask("marks", { from, to, bins: BINS });
      if (wanted === this.shown) this.paint(marks);
    } catch {
      this.shown = ""; // asked again with the next view
    }
  }

  private paint({ items }: Marks): void {
    const { from, to } = this.span;
    const width = Math.max(1, to - from);
    this.marks.replaceChildren(
      ...items.map(({ at, kind, count }) => {
        const mark = html("i", { class: `wfd-mark wfd-mark-${kind}`, title: `${NAMES[kind]} at ${at}${count > 1 ? `, and ${count - 1} more` : ""}` });
        mark.style.left = `${((at - from) / width) * 100}%`;
        return mark;
      }),
    );
  }

  private zoom(factor: number): void {
    if (!this.view) return;
    this.span = zoomed(this.span, factor, this.view.position, this.view.length);
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const factor = event.key === "+" || event.key === "=" ? 1 / ZOOM : event.key === "-" ? ZOOM : 0;
    if (!factor || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.zoom(factor);
  }

  private jump(event: MouseEvent): void {
    const box = this.strip.getBoundingClientRect();
    if (this.view && box.width) this.moves.go(Math.round(((event.clientX - box.left) / box.width) * this.view.length));
  }
}
