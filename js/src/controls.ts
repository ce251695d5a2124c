// Buttons, slider and counter. A button that cannot act stays focusable and says so (aria-disabled); none can before
// the first view has come. What is asked for while the kernel is at work waits for its turn; nothing is dropped.

import { html, svg } from "./dom";
import type { ToKernel, View } from "./protocol";

export type Command = "restart" | "back" | "step" | "run_to_end";

const BUTTONS: { command: Command; name: string; keys: string; icon: string }[] = [
  { command: "restart", name: "Restart", keys: "Home", icon: "M4 3v10M13 3.5v9L6.5 8z" },
  { command: "back", name: "Back", keys: "\u2190", icon: "M11.5 3v10L4 8z" },
  { command: "step", name: "Step", keys: "\u2192 or F10", icon: "M4.5 3v10L12 8z" },
  { command: "run_to_end", name: "Run to end", keys: "End or F8", icon: "M3 3.5v9L9.5 8zM12 3v10" },
];
const MARKS = { error: "Error", retry: "Retry", wait: "Wait" } as const;

export class Controls {
  private readonly buttons = new Map<Command, HTMLButtonElement>();
  private readonly slider = html("input", { type: "range", min: 0, max: 0, value: 0, step: 1, "aria-label": "Position in the run" });
  private readonly marks = html("div", { class: "wfs-marks", "aria-hidden": "true" });
  private readonly counter = html("output", { class: "wfs-counter" });
  private readonly toolbar = html("div", { class: "wfs-buttons", role: "toolbar", "aria-label": "Step through the run" });
  readonly element: HTMLElement;
  private view: View | undefined;
  private busy = false;
  private waiting: (Command | number)[] = []; // a number is a position to go to

  constructor(private readonly send: (message: ToKernel) => void, help: HTMLElement) {
    for (const { command, name, keys, icon } of BUTTONS) {
      const picture = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: icon }));
      const button = html(
        "button",
        { type: "button", class: `wfs-button wfs-${command}`, "aria-disabled": "true", title: `${name} (${keys})`, "aria-keyshortcuts": keys.replace("\u2190", "ArrowLeft").replace("\u2192", "ArrowRight").replace(" or ", " ") },
        picture,
        html("span", {}, name),
      );
      button.addEventListener("click", () => this.act(command));
      this.buttons.set(command, button);
      this.toolbar.append(button);
    }
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    const track = html("div", { class: "wfs-track" }, this.marks, this.slider);
    this.element = html("div", { class: "wfs-controls" }, this.toolbar, track, this.counter, help);
  }

  can(command: Command): boolean {
    const view = this.view;
    if (!view) return false;
    if (command === "back" || command === "restart") return view.position > 0;
    return view.position < view.length || !view.finished;
  }

  act(command: Command): void {
    this.waiting.push(command);
    this.proceed();
  }

  // While the slider is dragged only the latest position is asked for; the ones in between are skipped.
  go(position: number): void {
    if (typeof this.waiting[this.waiting.length - 1] === "number") this.waiting.pop();
    this.waiting.push(position);
    this.proceed();
  }

  // A key that is held down repeats faster than a step may take; the run must not go on after it is let go.
  hold(command: Command): void {
    if (!this.busy) this.act(command);
  }

  idle(): void {
    this.busy = false;
    this.proceed();
  }

  // What was asked for behind a move that failed was meant for where that move would have led.
  fail(): void {
    this.waiting = [];
    if (this.view) this.slider.value = String(this.view.position);
    this.idle();
  }

  // Whether a command is possible is asked when its turn comes: the moves before it decide that.
  private proceed(): void {
    while (!this.busy && this.waiting.length) {
      const next = this.waiting.shift() as Command | number;
      if (!this.view || (typeof next === "number" ? next === this.view.position : !this.can(next))) continue;
      this.busy = true;
      this.send(typeof next === "number" ? { type: "goto", position: next } : { type: next });
    }
  }

  show(view: View): void {
    this.view = view;
    for (const [command, button] of this.buttons) button.setAttribute("aria-disabled", String(!this.can(command)));
    this.slider.max = String(view.length);
    if (!this.waiting.some((next) => typeof next === "number")) this.slider.value = String(view.position);
    const total = view.live ? `${view.length}+` : `${view.length}`; // a live run may go on
    this.counter.value = `${view.position} / ${total}`;
    this.slider.setAttribute("aria-valuetext", `${view.position} of ${view.length}${view.step ? `, ${view.step.id}` : ""}`);
    this.slider.style.setProperty("--wfs-done", `${view.length ? (view.position / view.length) * 100 : 0}%`);
    this.marks.replaceChildren(
      ...view.marks.map(({ at, kind }) => {
        const mark = html("i", { class: `wfs-mark wfs-mark-${kind}`, title: `${MARKS[kind]} at ${at}` });
        mark.style.left = `${view.length ? (at / view.length) * 100 : 0}%`;
        return mark;
      }),
    );
    this.idle();
  }
}
