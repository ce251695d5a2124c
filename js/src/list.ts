// A list of any length: only the rows in view exist as elements, and only pages that were looked at are fetched.

import { freshId, html } from "./dom";

const ROW = 24;
const PAGE = 200;
const MOST_PAGES = 40;

export interface Source<T> {
  label: string;
  load(from: number, count: number): Promise<T[]>;
  row(item: T | undefined, index: number): HTMLElement;
  pick(index: number): void;
}

export class LongList<T> {
  private readonly canvas = html("div", { class: "wfd-rows", role: "presentation" });
  readonly element: HTMLElement;
  private readonly pages = new Map<number, T[]>();
  private readonly asked = new Set<number>();
  private readonly id = freshId();
  private total = 0;
  private active = 0;
  private round = 0;

  constructor(private readonly source: Source<T>) {
    this.element = html("div", { class: "wfd-list", role: "listbox", "aria-label": source.label, tabindex: 0 }, this.canvas);
    this.element.addEventListener("scroll", () => this.paint());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => {
      const index = Number((event.target as Element).closest<HTMLElement>("[data-index]")?.dataset["index"] ?? -1);
      if (index >= 0) this.source.pick(index);
    });
  }

  // Everything may be another one now.
  reset(total: number): void {
    this.round += 1;
    this.total = total;
    this.pages.clear();
    this.asked.clear();
    this.canvas.style.height = `${total * ROW}px`;
  }

  show(active: number): void {
    this.active = active;
    this.reveal(active);
    this.paint();
  }

  paint(): void {
    const height = this.element.clientHeight;
    if (!height) return;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 4);
    const last = Math.min(this.total, first + Math.ceil(height / ROW) + 8);
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page++) this.want(page);
    const rows = [];
    for (let index = first; index < last; index++) rows.push(this.element_of(index));
    this.canvas.replaceChildren(...rows);
    this.element.toggleAttribute("aria-activedescendant", false);
    if (this.active >= first && this.active < last) this.element.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  private element_of(index: number): HTMLElement {
    const row = this.source.row(this.pages.get(Math.floor(index / PAGE))?.[index % PAGE], index);
    row.id = `${this.id}-${index}`;
    row.classList.toggle("wfd-active", index === this.active);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(index === this.active));
    row.setAttribute("aria-setsize", String(this.total));
    row.setAttribute("aria-posinset", String(index + 1));
    row.dataset["index"] = String(index);
    row.style.top = `${index * ROW}px`;
    return row;
  }

  private want(page: number): void {
    if (this.asked.has(page)) return;
    if (this.asked.size >= MOST_PAGES) {
      this.pages.clear();
      this.asked.clear();
    }
    this.asked.add(page);
    const round = this.round;
    this.source.load(page * PAGE, Math.min(PAGE, this.total - page * PAGE)).then(
      (items) => {
        if (round !== this.round) return;
        this.pages.set(page, items);
        this.paint();
      },
      () => this.asked.delete(page),
    );
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const by = moves[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.source.pick(Math.max(0, Math.min(this.total - 1, this.active + by)));
  }

  private reveal(index: number): void {
    const top = index * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (index < 0 || !clientHeight) return;
    if (top < scrollTop) this.element.scrollTop = Math.max(0, top - ROW);
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW * 2 - clientHeight;
  }
}
