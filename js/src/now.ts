// The line that says where the run stands, also to a screen reader, and what went wrong.

import { html } from "./dom";
import type { View } from "./protocol";

export class Now {
  readonly element = html("div", { class: "wfd-now", "aria-live": "polite" });
  readonly fault = html("div", { class: "wfd-fault", role: "alert", hidden: true });
  private position = -1;

  show(view: View): void {
    const { step, next, position, reason } = view;
    if (position !== this.position) this.clear();
    this.position = position;
    const parts: (Node | string)[] = [];
    if (step) {
      parts.push(html("b", {}, step.id), html("code", {}, step.type));
      if (step.status) parts.push(html("span", { class: "wfd-status", "data-status": step.status }, step.status.toLowerCase().replace(/_/g, " ")));
      if ((step.attempt ?? 1) > 1) parts.push(html("span", { class: "wfd-note" }, `attempt ${step.attempt}`));
    } else if (position === 0) {
      parts.push(html("b", {}, "Before the first step"));
    }
    if (reason) parts.push(html("span", { class: "wfd-reason" }, reason));
    if (view.micro) parts.push(html("span", { class: "wfd-reason" }, `inside, ${view.micro[0]} of ${view.micro[1]}`));
    if (next) parts.push(html("span", { class: "wfd-next", title: next.instance }, "next: ", html("b", {}, next.id)));
    const lines = [html("div", { class: "wfd-line" }, ...parts)];
    if (step?.error) lines.push(html("div", { class: "wfd-error" }, step.error));
    this.element.replaceChildren(...lines);
    this.element.title = step?.instance ?? "";
  }

  fail(text: string): void {
    this.fault.textContent = text;
    this.fault.hidden = false;
  }

  clear(): void {
    this.fault.hidden = true;
  }
}
