// The breakpoints of the debugger as a list, and the form for one of them.

import { check, choice, Dialog, field, text } from "./dialog";
import type { Panel } from "./dock";
import { button, html } from "./dom";
import type { Moves } from "./moves";
import type { Breakpoint, BreakpointDraft, View } from "./protocol";

const TARGETS: [string, string][] = [
  ["step", "Step (id or path)"],
  ["type", "Node type"],
  ["action", "Action"],
  ["path", "Change of a value"],
  ["error", "Error (category, code, or *)"],
];
const WORDS: Record<string, string> = { step: "before", type: "before any", action: "before a call of", path: "when it changes:", error: "on error" };

export class BreakpointsPanel implements Panel {
  readonly title = "Breakpoints";
  readonly feature = "breakpoints";
  private readonly list = html("ul", { class: "wfd-breaks" });
  readonly element: HTMLElement;

  constructor(private readonly root: () => HTMLElement, private readonly moves: Moves) {
    const add = button("Add\u2026", () => this.edit(blank("step", "")));
    this.element = html("div", {}, this.list, html("div", { class: "wfd-row-form" }, add, html("span", { class: "wfd-note" }, "or press F9, or click beside a step")));
  }

  badge(view: View): string {
    return view.breakpoints.length ? String(view.breakpoints.length) : "";
  }

  show(view: View): void {
    this.list.replaceChildren(...view.breakpoints.map((breakpoint) => this.row(breakpoint)));
  }

  edit(draft: BreakpointDraft): void {
    const on = choice(TARGETS, draft.on);
    const what = text(draft.what);
    const condition = text(draft.condition ?? "", "vars.total > 10");
    const hits = text(draft.hits ?? "", "every time");
    const log = text(draft.log ?? "", "total is {vars.total}");
    const enabled = check("Enabled", draft.enabled);
    const given = (input: HTMLInputElement): string | null => input.value.trim() || null;
    new Dialog(
      this.root(),
      draft.breakpoint ? "Breakpoint" : "New breakpoint",
      [
        field("Stop at", on),
        field("Which", what),
        field("Only when", condition, "JSONata over payload, vars, meta and error"),
        field("Hits", hits, "3 or >= 3: from the third time on; == 3: only then; every 3"),
        field("Write instead of stopping", log, "{\u2026} is JSONata"),
        enabled.element,
      ],
      "Save",
      () =>
        this.moves.do("set_breakpoint", {
          breakpoint: draft.breakpoint,
          on: on.value,
          what: what.value.trim(),
          condition: given(condition),
          hits: given(hits),
          log: given(log),
          enabled: enabled.input.checked,
        }),
    ).open();
  }

  private row(breakpoint: Breakpoint): HTMLElement {
    const { id, on, name, condition, hits, log, enabled, fault } = breakpoint;
    const draft = draftOf(breakpoint);
    const told = `${WORDS[on] ?? on} ${name}`;
    const box = html("input", { type: "checkbox", "aria-label": `Enabled: ${told}` });
    box.checked = enabled;
    box.addEventListener("change", () => void this.moves.do("set_breakpoint", { ...draft, enabled: box.checked }).catch(() => undefined));
    const said: (Node | string)[] = [html("b", {}, told)];
    if (condition) said.push(html("span", { class: "wfd-note" }, "when"), html("code", {}, condition));
    if (hits) said.push(html("span", { class: "wfd-note" }, `hits ${hits}`));
    if (log) said.push(html("span", { class: "wfd-note" }, "log"), html("code", {}, log));
    if (fault) said.push(html("span", { class: "wfd-warn", title: fault }, `! ${fault}`));
    return html(
      "li",
      { class: "wfd-break" },
      box,
      html("span", { class: "wfd-break-text" }, ...said),
      button("Edit\u2026", () => this.edit(draft), { "aria-label": `Edit the breakpoint ${told}` }),
      button("\u00d7", () => void this.moves.do("remove_breakpoint", { breakpoint: id }), { class: "wfd-button wfd-round", "aria-label": `Remove the breakpoint ${told}` }),
    );
  }
}

export function blank(on: string, what: string): BreakpointDraft {
  return { breakpoint: 0, on, what, condition: null, hits: null, log: null, enabled: true };
}

export function draftOf({ id, on, what, condition, hits, log, enabled }: Breakpoint): BreakpointDraft {
  return { breakpoint: id, on, what, condition, hits, log, enabled };
}
