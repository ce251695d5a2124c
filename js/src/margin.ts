// Breakpoints in the margin of the pipeline: a dot beside every card, faint until there is something there.
// They are for the mouse; the keyboard sets them at the chosen step, and says so in the step's name.

import { svg } from "./dom";
import type { Breakpoint } from "./protocol";

export interface Card {
  path: string;
  group: SVGGElement;
  x: number;
  y: number;
  height: number;
}

const SHAPES = {
  plain: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
  log: "M0-6 6 0 0 6-6 0z",
};

export class Margin {
  private readonly dots = new Map<string, SVGGElement>();

  constructor(cards: Iterable<Card>) {
    for (const { path, x, y, height, group } of cards) {
      const dot = svg(
        "g",
        { class: "wfd-dot", "data-dot": path, transform: `translate(${x - 1} ${y + height / 2})`, "aria-hidden": "true" },
        svg("circle", { class: "wfd-dot-room", r: 10 }),
        svg("path", { class: "wfd-dot-mark", d: SHAPES.plain }),
        svg("path", { class: "wfd-dot-sign" }),
      );
      group.append(dot);
      this.dots.set(path, dot);
    }
  }

  show(breakpoints: Breakpoint[]): void {
    const at = new Map<string, Breakpoint>();
    for (const breakpoint of breakpoints) for (const path of breakpoint.paths) if (!at.get(path)?.enabled) at.set(path, breakpoint);
    for (const [path, dot] of this.dots) {
      const breakpoint = at.get(path);
      dot.classList.toggle("wfd-dot-set", breakpoint !== undefined);
      dot.classList.toggle("wfd-dot-off", breakpoint?.enabled === false);
      dot.children[1]?.setAttribute("d", breakpoint?.log ? SHAPES.log : SHAPES.plain);
      dot.children[2]?.setAttribute("d", breakpoint?.condition || breakpoint?.hits ? "M-2.6-1.2h5.2M-2.6 1.4h5.2" : "");
    }
  }
}
