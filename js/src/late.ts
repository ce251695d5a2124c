// What a panel shows is asked for when the panel is in view, once for every position.

import { html } from "./dom";

export class Late {
  private wanted = "";
  private got = "";

  constructor(private readonly element: HTMLElement, private readonly ask: () => Promise<void>) {}

  want(what: string): void {
    this.wanted = what;
    if (this.element.offsetParent) this.load();
  }

  load(): void {
    const wanted = this.wanted;
    if (wanted === this.got || !wanted) return;
    this.got = wanted;
    this.ask().catch((error: Error) => {
      this.got = "";
      this.element.replaceChildren(html("p", { class: "wfd-empty" }, error.message));
    });
  }
}
