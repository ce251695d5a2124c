// The buttons of the moves. A button that cannot act stays focusable and says so (aria-disabled).

import { html, icon } from "./dom";
import type { Moves } from "./moves";
import type { Feature, Move, View } from "./protocol";

interface Button {
  move: Move;
  name: string;
  keys: string;
  shape: string;
  feature?: Feature;
}

const BUTTONS: Button[] = [
  { move: "restart", name: "Restart", keys: "Home", shape: "M4 3v10M13 3.5v9L6.5 8z" },
  { move: "reverse_continue", name: "Continue back", keys: "Shift+F5", shape: "M8 3.5v9L2.5 8zM13.5 3.5v9L8 8z", feature: "reverse" },
  { move: "back", name: "Back", keys: "ArrowLeft", shape: "M11.5 3v10L4 8z" },
  { move: "step", name: "Step", keys: "ArrowRight", shape: "M4.5 3v10L12 8z" },
  { move: "step_over", name: "Step over", keys: "F10", shape: "M2 9.5a6 6 0 0 1 11.4-1.6M13.9 4v4.2H9.7M8 12.6h.02", feature: "out" },
  { move: "step_into", name: "Step into", keys: "F11", shape: "M8 2v7M4.6 6.2 8 9.6l3.4-3.4M8 13.4h.02", feature: "into" },
  { move: "step_out", name: "Step out", keys: "Shift+F11", shape: "M8 9.6V2.4M4.6 5.6 8 2.2l3.4 3.4M8 13.4h.02", feature: "out" },
  { move: "resume", name: "Continue", keys: "F5", shape: "M2.5 3.5v9L8 8zM8 3.5v9L13.5 8z", feature: "continue" },
  { move: "run_to_end", name: "Run to end", keys: "End", shape: "M3 3.5v9L9.5 8zM12 3v10" },
];
const SAID: Record<string, string> = { ArrowLeft: "\u2190", ArrowRight: "\u2192" };

export class Toolbar {
  readonly element = html("div", { class: "wfd-buttons", role: "toolbar", "aria-label": "Step through the run" });
  private readonly buttons: { button: HTMLButtonElement; about: Button }[] = [];

  constructor(private readonly moves: Moves) {
    for (const about of BUTTONS) {
      const { move, name, keys, shape } = about;
      const button = html(
        "button",
        {
          type: "button",
          class: `wfd-button wfd-icon wfd-${move}`,
          "aria-label": name,
          "aria-disabled": "true",
          title: `${name} (${SAID[keys] ?? keys})`,
          "aria-keyshortcuts": keys,
        },
        icon(shape),
      );
      button.addEventListener("click", () => moves.act(move));
      this.buttons.push({ button, about });
      this.element.append(button);
    }
  }

  show(view: View): void {
    for (const { button, about } of this.buttons) {
      button.hidden = about.feature !== undefined && !view.features.includes(about.feature);
      button.setAttribute("aria-disabled", String(!this.moves.can(about.move)));
    }
  }
}
