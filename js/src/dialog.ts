// A dialog in front of the page: a form with one action. It stays open, and says so, when that fails.

import { freshId, html } from "./dom";

export class Dialog {
  private readonly fault = html("p", { class: "wfd-fault", role: "alert", hidden: true });
  private readonly accept: HTMLButtonElement;
  private readonly element: HTMLDialogElement;
  private before: Element | null = null;

  constructor(
    private readonly root: HTMLElement,
    title: string,
    fields: (Node | string)[],
    action: string,
    private readonly act: () => Promise<void>,
  ) {
    const heading = freshId();
    this.accept = html("button", { type: "submit", class: "wfd-button wfd-main" }, action);
    const cancel = html("button", { type: "button", class: "wfd-button" }, "Cancel");
    cancel.addEventListener("click", () => this.close());
    const form = html("form", { novalidate: true }, html("h4", { id: heading }, title), ...fields, this.fault, html("div", { class: "wfd-actions" }, cancel, this.accept));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.element = html("dialog", { class: "wfd-dialog", "aria-labelledby": heading }, form);
    this.element.addEventListener("cancel", () => this.close());
    this.element.addEventListener("keydown", (event) => event.stopPropagation()); // nothing here is a move
  }

  open(): void {
    this.before = (this.root.getRootNode() as Document | ShadowRoot).activeElement;
    this.root.append(this.element);
    this.element.showModal();
  }

  private async submit(): Promise<void> {
    if (this.accept.getAttribute("aria-disabled") === "true") return;
    this.accept.setAttribute("aria-disabled", "true");
    try {
      await this.act();
      this.close();
    } catch (error) {
      this.fault.textContent = (error as Error).message;
      this.fault.hidden = false;
      this.accept.setAttribute("aria-disabled", "false");
    }
  }

  private close(): void {
    this.element.close();
    this.element.remove();
    if (this.before instanceof HTMLElement && this.before.isConnected) this.before.focus();
    else this.root.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }
}

export function field(label: string, input: HTMLElement, note = ""): HTMLElement {
  const id = freshId();
  input.id = id;
  const hint = note ? [html("span", { class: "wfd-note", id: `${id}n` }, note)] : [];
  if (note) input.setAttribute("aria-describedby", `${id}n`);
  return html("div", { class: "wfd-field" }, html("label", { for: id }, label), input, ...hint);
}

export function text(value = "", placeholder = ""): HTMLInputElement {
  const made = html("input", { class: "wfd-input", type: "text", placeholder, spellcheck: "false", autocomplete: "off" });
  made.value = value;
  return made;
}

export function choice(options: [value: string, label: string][], value: string): HTMLSelectElement {
  const made = html("select", { class: "wfd-input" }, ...options.map(([option, label]) => html("option", { value: option }, label)));
  made.value = value;
  return made;
}

export function check(label: string, on: boolean): { input: HTMLInputElement; element: HTMLElement } {
  const input = html("input", { type: "checkbox" });
  input.checked = on;
  return { input, element: html("label", { class: "wfd-check" }, input, label) };
}
