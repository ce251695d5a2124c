// Where a value comes from: the step that wrote it, by which expression, from which inputs, each of them followed back.

import type { Panel } from "./dock";
import { html } from "./dom";
import type { Moves } from "./moves";
import type { Origin, Why } from "./protocol";

export class WhyPanel implements Panel {
  readonly title = "Why";
  readonly feature = "why";
  readonly element = html("div", { class: "wfd-why" });

  constructor(private readonly moves: Moves) {
    this.element.append(html("p", { class: "wfd-empty" }, "Choose \u201cwhy\u201d at a value of the state, or press w on it."));
  }

  show(): void {
    // What was asked stays until something else is asked.
  }

  tell({ place, origin }: Why): void {
    this.element.replaceChildren(html("p", { class: "wfd-why-place" }, "Why is ", html("code", {}, place), " so?"), html("ul", {}, this.item(origin)));
  }

  private item({ title, source, expression, value, position, inputs }: Origin): HTMLElement {
    const said: (Node | string)[] = [html("b", {}, title)];
    if (position !== null) {
      const there = html("button", { type: "button", class: "wfd-link wfd-inline" }, `step ${position}`);
      there.addEventListener("click", () => this.moves.go(position));
      said.push(there);
    }
    said.push(html("span", { class: "wfd-kind" }, source));
    if (expression) said.push(html("code", {}, expression));
    said.push(html("span", { class: "wfd-mono" }, value));
    const item = html("li", {}, html("div", { class: "wfd-why-line" }, ...said));
    if (inputs.length) item.append(html("ul", {}, ...inputs.map((input) => this.item(input))));
    return item;
  }
}
