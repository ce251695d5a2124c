// Which run this is and how it is, and what can be done with the whole of it.

import { button, html } from "./dom";
import type { Held, View } from "./protocol";

export interface Deeds {
  fork(): void;
  replay(): void;
  compare(): void;
  hold(): void;
  release(): void;
  show(run: string): void;
}

export class Header {
  private readonly title = html("h3", { class: "wfd-title" });
  private readonly runs = html("select", { class: "wfd-input wfd-runs", "aria-label": "Run", hidden: true });
  private readonly status = html("span", { class: "wfd-status" });
  private readonly live = html("span", { class: "wfd-live" });
  private readonly deeds: [HTMLButtonElement, (view: View) => boolean][];
  readonly element: HTMLElement;

  constructor(deeds: Deeds, help: HTMLElement) {
    this.deeds = [
      [button("Hold", deeds.hold, { title: "Let the worker stop at the next step" }), (view) => view.features.includes("hold") && !view.held?.mine],
      [button("Release", deeds.release, { title: "Let the run go on" }), (view) => view.features.includes("hold") && Boolean(view.held?.mine)],
      [button("Fork\u2026", deeds.fork, { title: "Begin a run of its own from here" }), (view) => view.features.includes("fork")],
      [button("Replay\u2026", deeds.replay, { title: "Run the record against a version" }), (view) => view.features.includes("replay")],
      [button("Compare\u2026", deeds.compare, { title: "Lay another run beside this one" }), (view) => view.features.includes("compare")],
    ];
    this.runs.addEventListener("change", () => deeds.show(this.runs.value));
    const buttons = html("div", { class: "wfd-deeds" }, ...this.deeds.map(([made]) => made), help);
    this.element = html("header", { class: "wfd-header" }, this.title, this.runs, this.status, this.live, buttons);
  }

  show(view: View): void {
    this.title.textContent = view.title;
    this.status.textContent = view.status.toLowerCase().replace(/_/g, " ");
    this.status.dataset["status"] = view.status;
    this.live.textContent = view.held ? held(view.held) : view.live ? "live" : "recorded";
    this.live.title = view.live ? "A step that has not run yet runs when you get there." : "Nothing runs: these are the recorded results.";
    for (const [made, wanted] of this.deeds) made.hidden = !wanted(view);
    this.runs.hidden = view.runs.length < 2;
    this.runs.replaceChildren(...view.runs.map(({ id, label }) => html("option", { value: id }, label)));
    this.runs.value = view.open;
  }
}

function held({ by }: Held): string {
  return `held by ${by.join(", ")}`;
}
