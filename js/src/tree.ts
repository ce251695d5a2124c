// The state tree: only the rows in view exist as elements, so a large state scrolls as a small one does.

import { freshId, html } from "./dom";
import type { Container, Key, Path, TreeNode, View } from "./protocol";
import { Changes, find, pathId, visibleRows, type Row } from "./rows";

const ROW = 24;
const SIGNS = { added: "+", changed: "\u2248", removed: "\u2212" } as const;
const WORDS = { added: "added", changed: "changed", removed: "removed" } as const;

// What can be done with a value; the key does it with the value that is chosen.
export interface Deed {
  key: string;
  name: string;
  on(view: View): boolean;
  act(path: Path, text: string): void;
}

type Ask = (path: Path, offset: number) => Promise<[Key, TreeNode][]>;

export class StateTree {
  private readonly canvas = html("div", { class: "wfd-rows", role: "presentation" });
  readonly element = html("div", { class: "wfd-tree", role: "tree", "aria-label": "State", tabindex: 0 }, this.canvas);
  private root: Container = { kind: "object", size: 0, next: 0, items: [] };
  private changes = new Changes([]);
  private open = new Set<string>([pathId(["payload"]), pathId(["vars"])]);
  private rows: Row[] = [];
  private active = "";
  private asked = new Set<string>();
  private position = -1;
  private round = 0;
  private possible: Deed[] = [];

  constructor(private readonly ask: Ask, private readonly deeds: Deed[]) {
    this.element.addEventListener("scroll", () => this.paint());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.click(event));
  }

  show(view: View): void {
    this.root = view.tree;
    this.round += 1;
    this.possible = this.deeds.filter((deed) => deed.on(view));
    this.asked.clear();
    this.changes = new Changes(view.changes);
    for (const id of this.changes.ancestors()) this.open.add(id);
    this.refresh();
    if (view.position !== this.position) this.reveal(this.rows.findIndex((row) => row.change));
    this.position = view.position;
  }

  private take(path: Path, offset: number, items: [Key, TreeNode][]): void {
    const node = find(this.root, path);
    if (!node || !("items" in node)) return;
    const known = new Set((node.items ?? []).map(([key]) => key));
    node.next = offset + items.length;
    node.items = [...(node.items ?? []), ...items.filter(([key]) => !known.has(key))];
    this.refresh();
  }

  repaint(): void {
    this.paint();
  }

  private refresh(): void {
    this.rows = visibleRows(this.root, this.open, this.changes);
    for (const row of this.rows) {
      if (row.open && row.node && "items" in row.node && row.node.items === null) this.want(row.path, 0);
    }
    if (!this.rows.some((row) => row.id === this.active)) this.active = this.rows[0]?.id ?? "";
    this.canvas.style.height = `${this.rows.length * ROW}px`;
    this.paint();
  }

  private want(path: Path, offset: number): void {
    const id = `${pathId(path)}@${offset}`;
    if (this.asked.has(id)) return;
    this.asked.add(id);
    const round = this.round;
    this.ask(path, offset).then(
      (items) => {
        if (round === this.round) this.take(path, offset, items);
      },
      () => this.asked.delete(id),
    );
  }

  private paint(): void {
    const height = this.element.clientHeight || 400;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 8);
    const last = Math.min(this.rows.length, first + Math.ceil(height / ROW) + 16);
    const shown = this.rows.slice(first, last).map((row, index) => this.rowElement(row, first + index));
    this.place(shown);
    const index = this.rows.findIndex((row) => row.id === this.active);
    if (index >= first && index < last) this.element.setAttribute("aria-activedescendant", `${this.prefix}-${index}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  // A row that stays the same stays the same element: one that went away between press and release would lose the click.
  private place(shown: HTMLElement[]): void {
    const before = new Map(Array.from(this.canvas.children, (row) => [row.id, row]));
    const rows = shown.map((row) => {
      const old = before.get(row.id);
      return old?.isEqualNode(row) ? old : row;
    });
    const staying = new Set<Element>(rows);
    for (const old of before.values()) if (!staying.has(old)) old.remove();
    rows.forEach((row, index) => {
      const there = this.canvas.children[index];
      if (there !== row) this.canvas.insertBefore(row, there ?? null);
    });
  }

  private readonly prefix = freshId();

  private rowElement(row: Row, index: number): HTMLElement {
    const change = row.change;
    const element = html("div", {
      class: ["wfd-row", change && `wfd-${change.op}`, row.inside && "wfd-inside", row.more > 0 && "wfd-more"]
        .filter(Boolean)
        .join(" "),
      id: `${this.prefix}-${index}`,
      role: "treeitem",
      "aria-level": row.level,
      "aria-expanded": row.open === undefined ? undefined : String(row.open),
      "aria-selected": String(row.id === this.active),
      "data-index": index,
    });
    element.style.top = `${index * ROW}px`;
    element.style.paddingLeft = `${8 + (row.level - 1) * 16}px`;
    if (row.id === this.active) element.classList.add("wfd-active");
    element.append(html("span", { class: "wfd-twisty", "aria-hidden": "true" }, row.open === undefined ? "" : row.open ? "\u25be" : "\u25b8"));
    if (row.more > 0) {
      element.append(html("span", { class: "wfd-note" }, `${row.more.toLocaleString("en")} more`));
      return element;
    }
    element.append(html("span", { class: "wfd-key" }, row.key), ...this.value(row));
    if (change) {
      element.append(html("span", { class: "wfd-sign", title: WORDS[change.op] }, SIGNS[change.op]));
      element.setAttribute("aria-description", WORDS[change.op]);
    }
    if (row.node) element.append(this.offers());
    return element;
  }

  // For the mouse; the keyboard has keys for them.
  private offers(): HTMLElement {
    const offers = this.possible.map(({ name, key }) => html("span", { class: "wfd-offer", "data-deed": key, title: `${name} (${key})` }, name));
    return html("span", { class: "wfd-offers", "aria-hidden": "true" }, ...offers);
  }

  private value(row: Row): HTMLElement[] {
    const { node, change } = row;
    const shown: HTMLElement[] = [];
    const plain = !node || !("items" in node);
    if (change?.old !== undefined && (plain || row.open === false)) {
      shown.push(html("del", { class: "wfd-old", title: change.old }, change.old));
      if (node) shown.push(html("span", { class: "wfd-arrow", "aria-label": "became" }, "\u2192"));
    }
    if (!node) return shown;
    if ("items" in node) {
      const [left, right] = node.kind === "object" ? ["{", "}"] : ["[", "]"];
      shown.push(html("span", { class: "wfd-size" }, node.size ? `${left} ${node.size.toLocaleString("en")} ${right}` : `${left}${right}`));
    } else {
      shown.push(html("span", { class: `wfd-value wfd-${node.kind}`, title: node.text }, node.text));
    }
    return shown;
  }

  private click(event: MouseEvent): void {
    const element = (event.target as Element).closest<HTMLElement>(".wfd-row");
    const row = this.rows[Number(element?.dataset["index"] ?? -1)];
    if (!row) return;
    this.active = row.id;
    const offer = (event.target as Element).closest<HTMLElement>("[data-deed]")?.dataset["deed"];
    if (offer) {
      this.paint();
      this.deed(offer, row);
    } else this.toggle(row);
  }

  private deed(key: string, row: Row): boolean {
    const deed = this.possible.find((known) => known.key === key);
    if (deed && row.node) deed.act(row.path, row.node && !("items" in row.node) ? row.node.text : "");
    return deed !== undefined;
  }

  private toggle(row: Row): void {
    if (row.more > 0) {
      const parent = row.path.slice(0, -1);
      const node = find(this.root, parent);
      if (node && "items" in node) this.want(parent, node.next);
      return;
    }
    if (row.open === undefined) return this.paint();
    if (row.open) this.open.delete(row.id);
    else this.open.add(row.id);
    this.refresh();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.rows.findIndex((row) => row.id === this.active);
    const row = this.rows[index];
    if (!row) return;
    const move = this.target(event.key, row, index);
    if (move === undefined && !this.deed(event.key, row)) return;
    event.preventDefault();
    event.stopPropagation();
    if (move === undefined) return;
    if (move === "toggle") return this.toggle(row);
    this.active = this.rows[Math.max(0, Math.min(this.rows.length - 1, move))]?.id ?? this.active;
    this.reveal(this.rows.findIndex((candidate) => candidate.id === this.active));
    this.paint();
  }

  // Where a key leads: another row, this row (open or close it), or nowhere (not a key of the tree).
  private target(key: string, row: Row, index: number): number | "toggle" | undefined {
    switch (key) {
      case "ArrowDown":
        return index + 1;
      case "ArrowUp":
        return index - 1;
      case "ArrowRight":
        return row.open === false ? "toggle" : row.open ? index + 1 : index;
      case "ArrowLeft": {
        if (row.open) return "toggle";
        const parent = pathId(row.path.slice(0, -1));
        const above = this.rows.findIndex((candidate) => candidate.id === parent);
        return above < 0 ? index : above;
      }
      case "Home":
        return 0;
      case "End":
        return this.rows.length - 1;
      case "Enter":
      case " ":
        return "toggle";
      default:
        return undefined;
    }
  }

  private reveal(index: number): void {
    if (index < 0) return;
    const top = index * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW * 3 - clientHeight;
  }
}
