// Keys, while the focus is inside. Plain ones never reach the notebook: it would take them for its own.

import type { Help } from "./help";
import type { Feature, Move } from "./protocol";

export interface KeyDeeds {
  act(move: Move, held: boolean): void;
  toggle(): void;
  can(feature: Feature): boolean;
  help: Help;
}

interface Meant {
  move: Move;
  feature?: Feature;
  otherwise?: Move;
}

const KEYS: Record<string, Meant> = {
  ArrowRight: { move: "step" },
  ArrowLeft: { move: "back" },
  Home: { move: "restart" },
  End: { move: "run_to_end" },
  F8: { move: "run_to_end" },
  F10: { move: "step_over", feature: "out", otherwise: "step" },
  F11: { move: "step_into", feature: "into" },
  "Shift+F11": { move: "step_out", feature: "out" },
  F5: { move: "resume", feature: "continue" },
  "Shift+F5": { move: "reverse_continue", feature: "reverse" },
};
const EVERYWHERE = /^(Shift\+)?F\d+$/; // the other keys belong to lists, the slider and input while these have the focus
const OWNERS = "[role=tree], [role=tablist], input, select, textarea";

export class Keys {
  constructor(root: HTMLElement, private readonly deeds: KeyDeeds) {
    root.addEventListener("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "Tab" && event.key !== "Escape" && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    const taken = (event.target as Element).closest(OWNERS) !== null;
    const { help } = this.deeds;
    if (event.key === "Escape" && help.open) return this.did(event, () => help.toggle(false));
    const name = `${event.shiftKey && event.key !== "?" ? "Shift+" : ""}${event.key}`;
    if (taken && !EVERYWHERE.test(name)) return;
    if (name === "?") return this.did(event, () => help.toggle());
    if (name === "F9") return this.did(event, () => this.deeds.toggle());
    const meant = KEYS[name];
    if (!meant) return;
    const move = !meant.feature || this.deeds.can(meant.feature) ? meant.move : meant.otherwise;
    this.did(event, () => move && this.deeds.act(move, event.repeat));
  }

  private did(event: Event, act: () => void): void {
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
