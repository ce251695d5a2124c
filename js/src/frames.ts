// Where the cursor is: the run, the blocks and loop items around it, the runs that called it. A click shows the place.

import type { Panel } from "./dock";
import { html } from "./dom";
import type { Moves } from "./moves";
import type { FrameInfo, View } from "./protocol";

export class FramesPanel implements Panel {
  readonly title = "Calls";
  readonly feature = "frames";
  readonly element = html("ol", { class: "wfd-frames", "aria-label": "Call path, outermost first" });

  constructor(private readonly moves: Moves, private readonly point: (path: string) => void) {}

  badge(view: View): string {
    return view.frames.length ? String(view.frames.length) : "";
  }

  show(view: View): void {
    this.element.replaceChildren(...view.frames.map((frame, index) => this.item(frame, index, view)));
  }

  private item(frame: FrameInfo, index: number, view: View): HTMLElement {
    const { title, detail, run, path } = frame;
    const last = index === view.frames.length - 1;
    const here = html("button", { type: "button", class: "wfd-link", "aria-current": last ? "true" : undefined }, html("b", {}, title), html("span", { class: "wfd-note" }, detail));
    here.addEventListener("click", () => {
      if (run !== view.run) void this.moves.do("out", { run }).catch(() => undefined);
      else if (path) this.point(path);
    });
    const item = html("li", {}, here);
    item.style.paddingLeft = `${index * 16}px`;
    return item;
  }
}
