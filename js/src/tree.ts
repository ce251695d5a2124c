// The state tree: only the rows in view exist as elements, so a large state scrolls as a small one does.

import { html } from "./dom";
import type { Children, Container, Path, View } from "./protocol";
import { Changes, find, pathId, visibleRows, type Row } from "./rows";

const ROW = 24;
const SIGNS = { added: "+", changed: "\u2248", removed: "\u2212" } as const;
const WORDS = { added: "added", changed: "changed", removed: "removed" } as const;

type Ask = (path: Path, offset: number) => void;

export class StateTree {
  private readonly canvas = html("div", { class: "wfs-rows", role: "presentation" });
  readonly element = html("div", { class: "wfs-tree", role: "tree", "aria-label": "State", tabindex: 0 }, this.canvas);
  private root: Container = { kind: "object", size: 0, next: 0, items: [] };
  private changes = new Changes([]);
  private open = new Set<string>([pathId(["payload"]), pathId(["vars"])]);
  private rows: Row[] = [];
  private active = "";
  private asked = new Set<string>();
  private position = -1;

  constructor(private readonly ask: Ask) {
    this.element.addEventListener("scroll", () => this.paint());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.click(event));
  }

  show(view: View): void {
    this.root = view.tree;
    this.position = view.position;
    this.asked.clear();
    this.changes = new Changes(view.changes);
    for (const id of this.changes.ancestors()) this.open.add(id);
    this.refresh();
    this.reveal(this.rows.findIndex((row) => row.change));
  }

  receive(message: Children): void {
    const node = find(this.root, message.path);
    if (message.position !== this.position || !node || !("items" in node)) return;
    const known = new Set((node.items ?? []).map(([key]) => key));
    node.next = message.offset + message.items.length;
    node.items = [...(node.items ?? []), ...message.items.filter(([key]) => !known.has(key))];
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
    this.ask(path, offset);
  }

  private paint(): void {
    const height = this.element.clientHeight || 400;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 8);
    const last = Math.min(this.rows.length, first + Math.ceil(height / ROW) + 16);
    const shown = this.rows.slice(first, last).map((row, index) => this.rowElement(row, first + index));
    this.place(shown);
    const index = this.rows.findIndex((row) => row.id === this.active);
    this.element.setAttribute("aria-activedescendant", index < 0 ? "" : `${this.prefix}${index}`);
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

  // Ids have to be unique in the page, not the same in every run.
  private readonly prefix = `wfs${Math.random().toString(36).slice(2, 8)}-`;

  private rowElement(row: Row, index: number): HTMLElement {
    const change = row.change;
    const element = html("div", {
      class: ["wfs-row", change && `wfs-${change.op}`, row.inside && "wfs-inside", row.more > 0 && "wfs-more"]
        .filter(Boolean)
        .join(" "),
      id: `${this.prefix}${index}`,
      role: "treeitem",
      "aria-level": row.level,
      "aria-expanded": row.open === undefined ? undefined : String(row.open),
      "aria-selected": String(row.id === this.active),
      "data-index": index,
    });
    element.style.top = `${index * ROW}px`;
    element.style.paddingLeft = `${8 + (row.level - 1) * 16}px`;
    if (row.id === this.active) element.classList.add("wfs-active");
    element.append(html("span", { class: "wfs-twisty", "aria-hidden": "true" }, row.open === undefined ? "" : row.open ? "\u25be" : "\u25b8"));
    if (row.more > 0) {
      element.append(html("span", { class: "wfs-note" }, `${row.more.toLocaleString("en")} more`));
      return element;
    }
    element.append(html("span", { class: "wfs-key" }, row.key), ...this.value(row));
    if (change) {
      element.append(html("span", { class: "wfs-sign", title: WORDS[change.op] }, SIGNS[change.op]));
      element.setAttribute("aria-description", WORDS[change.op]);
    }
    return element;
  }

  private value(row: Row): HTMLElement[] {
    const { node, change } = row;
    const shown: HTMLElement[] = [];
    const plain = !node || !("items" in node);
    if (change?.old !== undefined && (plain || row.open === false)) {
      shown.push(html("del", { class: "wfs-old", title: change.old }, change.old));
      if (node) shown.push(html("span", { class: "wfs-arrow", "aria-label": "became" }, "\u2192"));
    }
    if (!node) return shown;
    if ("items" in node) {
      const [left, right] = node.kind === "object" ? ["{", "}"] : ["[", "]"];
      shown.push(html("span", { class: "wfs-size" }, node.size ? `${left} ${node.size.toLocaleString("en")} ${right}` : `${left}${right}`));
    } else {
      shown.push(html("span", { class: `wfs-value wfs-${node.kind}`, title: node.text }, node.text));
    }
    return shown;
  }

  private click(event: MouseEvent): void {
    const element = (event.target as Element).closest<HTMLElement>(".wfs-row");
    const row = this.rows[Number(element?.dataset["index"] ?? -1)];
    if (!row) return;
    this.active = row.id;
    this.toggle(row);
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
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
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
