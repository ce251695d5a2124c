// A line of JSONata that the kernel evaluates at the cursor while it is typed, with completion of places and functions.

import { freshId, html } from "./dom";
import type { Kernel } from "./kernel";
import type { Completions, View } from "./protocol";

const PAUSE = 120;

export class Console {
  private readonly id = freshId();
  private readonly input = html("input", {
    class: "wfd-input wfd-mono", type: "text", role: "combobox", "aria-label": "JSONata at the cursor", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": this.id, placeholder: "JSONata, for example vars.total > 10", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
  });
  private readonly answer = html("output", { class: "wfd-answer wfd-mono", "aria-label": "Value" });
  private readonly list = html("ul", { class: "wfd-completions", role: "listbox", "aria-label": "Completions", id: this.id, hidden: true });
  readonly element = html("div", { class: "wfd-console" }, html("span", { class: "wfd-prompt", "aria-hidden": "true" }, "\u203a"), this.input, this.list, this.answer);
  private completions: Completions | undefined;
  private active = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private round = 0;
  private view: View | undefined;

  constructor(private readonly kernel: Kernel, private readonly watch: (expression: string) => void) {
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the line keeps the focus
      this.take(Array.from(this.list.children).indexOf((event.target as Element).closest("li") as Element));
    });
  }

  show(view: View): void {
    this.view = view;
    this.element.hidden = !view.features.includes("evaluate");
    void this.evaluate(this.round);
  }

  private typed(): void {
    clearTimeout(this.timer);
    const round = ++this.round;
    this.timer = setTimeout(() => {
      void this.evaluate(round);
      if (this.view?.features.includes("complete")) void this.complete(round);
    }, PAUSE);
  }

  private async evaluate(round: number): Promise<void> {
    const text = this.input.value.trim();
    const position = this.view?.position;
    if (!text) return this.say("", "nothing");
    try {
      const value = await this.kernel.ask("evaluate", { text });
      if (round === this.round && position === this.view?.position) this.say(value.text, value.kind);
    } catch (error) {
      if (round === this.round) this.say((error as Error).message, "fault");
    }
  }

  private say(text: string, kind: string): void {
    this.answer.className = `wfd-answer wfd-mono wfd-${kind}`;
    this.answer.value = text;
    this.answer.title = text;
    this.input.setAttribute("aria-invalid", String(kind === "fault"));
  }

  private async complete(round: number): Promise<void> {
    const at = this.input.selectionStart ?? this.input.value.length;
    const found = await this.kernel.ask("complete", { text: this.input.value, at }).catch(() => undefined);
    if (round !== this.round || !found?.items.length) return this.close();
    this.completions = found;
    this.active = -1;
    this.paint();
  }

  private paint(): void {
    const items = this.completions?.items ?? [];
    this.list.replaceChildren(
      ...items.map(({ text, kind, detail }, index) =>
        html("li", { role: "option", id: `${this.id}-${index}`, "aria-selected": String(index === this.active), class: `wfd-completion wfd-completion-${kind}` }, html("span", {}, text), html("span", { class: "wfd-note" }, detail)),
      ),
    );
    this.list.hidden = !items.length;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    if (this.active >= 0) this.input.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  private close(): void {
    this.completions = undefined;
    this.paint();
  }

  private take(index: number): void {
    const [found, item] = [this.completions, this.completions?.items[index]];
    if (!found || !item) return;
    const { value } = this.input;
    const at = this.input.selectionStart ?? value.length;
    this.input.value = value.slice(0, found.from) + item.text + value.slice(at);
    const caret = found.from + item.text.length;
    this.input.setSelectionRange(caret, caret);
    this.close();
    this.typed();
  }

  private key(event: KeyboardEvent): void {
    const many = this.completions?.items.length ?? 0;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && many) {
      this.active = (this.active + by + (this.active < 0 && by < 0 ? 1 : 0) + many) % many;
      this.paint();
    } else if ((event.key === "Tab" || event.key === "Enter") && many && this.active >= 0) {
      this.take(this.active);
    } else if (event.key === "Escape" && many) {
      this.close();
    } else if (event.key === "Enter" && !event.shiftKey && this.input.value.trim()) {
      if (this.view?.features.includes("watches")) this.watch(this.input.value.trim());
    } else if (event.key === " " && event.ctrlKey) {
      void this.complete(++this.round);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
