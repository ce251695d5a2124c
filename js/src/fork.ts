// The form for a fork: which version, what is different in it, and whether it may touch the world.

import { check, choice, Dialog, field, text } from "./dialog";
import { button, html } from "./dom";
import type { Kernel } from "./kernel";
import type { Moves } from "./moves";
import type { ForkForm, View } from "./protocol";

export class Forking {
  constructor(private readonly root: () => HTMLElement, private readonly kernel: Kernel, private readonly moves: Moves) {}

  async open(view: View, edits: [string, string][] = []): Promise<void> {
    this.form(view, await this.kernel.ask("fork_form", {}), edits);
  }

  private form(view: View, { versions, version, effects, live }: ForkForm, edits: [string, string][]): void {
    const which = choice(versions.map((number) => [String(number), number === version ? `${number} (as recorded)` : String(number)]), String(version));
    const rows: { place: HTMLInputElement; value: HTMLInputElement; element: HTMLElement }[] = [];
    const places = html("div", { class: "wfd-edits" });
    const add = (place = "", value = ""): void => {
      const row = { place: text(place, "vars.total"), value: text(value, "12"), element: html("div", { class: "wfd-row-form" }) };
      row.place.setAttribute("aria-label", "Place");
      row.value.setAttribute("aria-label", "Value as JSON");
      const remove = button("\u00d7", () => {
        rows.splice(rows.indexOf(row), 1);
        row.element.remove();
      }, { class: "wfd-button wfd-round", "aria-label": "Leave this edit out" });
      row.element.append(row.place, "=", row.value, remove);
      rows.push(row);
      places.append(row.element);
    };
    for (const [place, value] of edits) add(place, value);
    const reason = text("", "what is tried");
    const real = check("Live: perform its effects for real", false);
    const ahead = html("p", { class: "wfd-warn" }, effects.length ? `It may then perform: ${effects.join(", ")}.` : "No effect lies ahead.");
    ahead.hidden = true;
    real.input.addEventListener("change", () => (ahead.hidden = !real.input.checked));
    const other = versions.length > 1 ? [field("Version", which)] : [];
    const where = view.position ? `behind ${view.step?.id ?? `step ${view.position}`}` : "before the first step";
    new Dialog(
      this.root(),
      `Fork ${view.run} ${where}`,
      [
        html("p", { class: "wfd-note" }, "The fork is a run of its own. Its effects are answered from the record, unless it is live; this run is not changed."),
        ...other,
        html("fieldset", {}, html("legend", {}, "With other values"), places, button("Add a value", () => add())),
        field("Reason", reason),
        ...(live ? [real.element, ahead] : []),
      ],
      "Fork",
      () =>
        this.moves.do("fork", {
          edits: rows.filter(({ place }) => place.value.trim()).map(({ place, value }) => [place.value.trim(), value.value]),
          version: Number(which.value) === version ? null : Number(which.value),
          live: real.input.checked,
          reason: reason.value.trim(),
        }),
    ).open();
  }
}
