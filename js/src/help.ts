// The card that says which keys there are.

import { html } from "./dom";

const KEYS: [string[], string][] = [
  [["\u2192", "F10"], "Step"],
  [["\u2190"], "Back"],
  [["Home"], "Restart"],
  [["End", "F8"], "Run to end"],
  [["\u2191", "\u2193"], "Move in the state; \u2192 opens, \u2190 closes"],
  [["?"], "Show or hide this card"],
  [["Esc"], "Close it"],
];

export class Help {
  readonly button = html("button", { type: "button", class: "wfs-button wfs-help-button", "aria-label": "Keys", "aria-expanded": "false", title: "Keys (?)" }, "?");
  readonly card = html("div", { class: "wfs-help", role: "dialog", "aria-label": "Keys", hidden: true });

  constructor() {
    const list = html("dl");
    for (const [keys, meaning] of KEYS) {
      const caps = keys.flatMap((key, index) => (index ? [" ", html("kbd", {}, key)] : [html("kbd", {}, key)]));
      list.append(html("dt", {}, ...caps), html("dd", {}, meaning));
    }
    this.card.append(html("h4", {}, "Keys, while the stepper has the focus"), list);
    this.button.addEventListener("click", () => this.toggle());
  }

  get open(): boolean {
    return !this.card.hidden;
  }

  toggle(open = !this.open): void {
    this.card.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }
}
