// The card that says which keys there are.

import { html } from "./dom";
import type { Feature, View } from "./protocol";

const KEYS: [keys: string[], meaning: string, feature?: Feature][] = [
  [["\u2192"], "Step"],
  [["\u2190"], "Back"],
  [["F10"], "Step over", "out"],
  [["F10"], "Step"],
  [["F11"], "Step into", "into"],
  [["Shift+F11"], "Step out", "out"],
  [["F5"], "Continue to the next breakpoint", "continue"],
  [["Shift+F5"], "Continue back", "reverse"],
  [["F9"], "Breakpoint at the chosen or next step", "breakpoints"],
  [["Home"], "Restart"],
  [["End", "F8"], "Run to end"],
  [["\u2191", "\u2193"], "Choose a step of the pipeline, or a value of the state"],
  [["Enter"], "Menu of the chosen step"],
  [["w"], "Why has the chosen value come about?", "why"],
  [["a"], "Watch the chosen value", "watches"],
  [["e"], "Set the chosen value, on a fork if need be", "fork"],
  [["+", "\u2212"], "Zoom the slider"],
  [["?"], "Show or hide this card"],
];

export class Help {
  readonly button = html("button", { type: "button", class: "wfd-button wfd-round", "aria-label": "Keys", "aria-expanded": "false", title: "Keys (?)" }, "?");
  private readonly list = html("dl");
  readonly card = html("div", { class: "wfd-help", role: "dialog", "aria-label": "Keys", hidden: true }, html("h4", {}, "Keys, while the debugger has the focus"), this.list);
  private features = "";

  constructor() {
    this.button.addEventListener("click", () => this.toggle());
  }

  get open(): boolean {
    return !this.card.hidden;
  }

  toggle(open = !this.open): void {
    this.card.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  show(view: View): void {
    if (this.features === view.features.join()) return;
    this.features = view.features.join();
    const over = view.features.includes("out");
    const shown = KEYS.filter(([keys, , feature]) => (feature ? view.features.includes(feature) : !(over && keys[0] === "F10")));
    this.list.replaceChildren(
      ...shown.flatMap(([keys, meaning]) => [
        html("dt", {}, ...keys.flatMap((key, index) => (index ? [" ", html("kbd", {}, key)] : [html("kbd", {}, key)]))),
        html("dd", {}, meaning),
      ]),
    );
  }
}
