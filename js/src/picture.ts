// The pipeline: drawn once from the scene, then only dressed anew from step to step. A step of it can be chosen.

import { button, freshId, html, svg } from "./dom";
import { Margin, type Card } from "./margin";
import type { Breakpoint, Dress, Scene, Shape } from "./protocol";

export interface Gestures {
  toggle(path: string): void; // a breakpoint
  menu(path: string, x: number, y: number): void;
}

interface Part {
  group: SVGGElement;
  role: string;
  label: string;
  title: SVGTitleElement | undefined;
  glyph: SVGPathElement | undefined;
}

const EMPTY: Dress = { states: {}, texts: {}, labels: {} };

export class Picture {
  private readonly scroller = html("div", { class: "wfd-picture", tabindex: 0, role: "listbox", "aria-label": "Pipeline" });
  private readonly zoom = button("Fit", () => this.fit(), { class: "wfd-button wfd-zoom", "aria-pressed": "false" });
  readonly element = html("div", { class: "wfd-stage" }, this.scroller, this.zoom);
  private drawing: SVGSVGElement | undefined;
  private size = { width: 0, height: 0 };
  private whole = false;
  private last: string | undefined;
  private parts = new Map<string, Part>();
  private slots = new Map<string, { holder: SVGGElement; text: SVGTextElement }>();
  private glyphs: Record<string, string> = {};
  private dressed: Dress = EMPTY;
  private cards = new Map<string, Card>();
  private margin = new Margin([]);
  private breakpoints: Breakpoint[] = [];
  private readonly id = freshId();
  chosen: string | undefined;

  constructor(private readonly gestures: Gestures) {
    this.scroller.addEventListener("click", (event) => this.click(event));
    this.scroller.addEventListener("contextmenu", (event) => this.contextmenu(event));
    this.scroller.addEventListener("keydown", (event) => this.key(event));
  }

  // The step at which the keyboard sets a breakpoint: the chosen one, else the current one.
  get target(): string | undefined {
    return this.chosen ?? this.scroller.querySelector<SVGGElement>(".wf-current")?.dataset["key"];
  }

  show(breakpoints: Breakpoint[], on: boolean): void {
    this.breakpoints = breakpoints;
    this.scroller.classList.toggle("wfd-breakable", on);
    this.margin.show(breakpoints);
    this.name();
  }

  private fit(): void {
    this.whole = !this.whole;
    this.rescale();
    this.reveal();
  }

  // Full size, or as small as the pane needs it; there is nothing to choose when the picture fits anyway.
  rescale(): void {
    const room = this.scroller.clientWidth;
    const { width, height } = this.size;
    if (!this.drawing || !room) return;
    const fits = width <= room;
    const scale = this.whole && !fits ? room / width : 1;
    this.zoom.hidden = fits;
    this.zoom.setAttribute("aria-pressed", String(this.whole));
    this.zoom.textContent = this.whole ? "Full size" : "Fit";
    this.drawing.setAttribute("width", String(Math.floor(width * scale)));
    this.drawing.setAttribute("height", String(Math.floor(height * scale)));
  }

  draw(scene: Scene): void {
    this.parts.clear();
    this.slots.clear();
    this.cards.clear();
    this.chosen = undefined;
    this.glyphs = scene.glyphs;
    const drawing = svg("svg", {
      width: scene.width,
      height: scene.height,
      viewBox: `0 0 ${scene.width} ${scene.height}`,
      role: "presentation",
    });
    drawing.append(...scene.shapes.map((shape) => this.shape(shape)));
    this.drawing = drawing;
    this.size = { width: scene.width, height: scene.height };
    this.scroller.replaceChildren(drawing);
    this.margin = new Margin(this.cards.values());
    this.margin.show(this.breakpoints);
    this.rescale();
    const dress = this.dressed;
    this.dressed = EMPTY;
    this.wear(dress, this.last);
  }

  // `last` is the step to show when none is current: at the end of a run.
  wear(dress: Dress, last?: string): void {
    for (const key of new Set([...Object.keys(this.dressed.states), ...Object.keys(dress.states)])) {
      this.state(key, dress.states[key] ?? []);
    }
    for (const key of new Set([...Object.keys(this.dressed.texts), ...Object.keys(dress.texts)])) {
      const slot = this.slots.get(key);
      slot?.holder.toggleAttribute("hidden", !(key in dress.texts));
      if (slot) slot.text.textContent = dress.texts[key] ?? "";
    }
    for (const key of new Set([...Object.keys(this.dressed.labels), ...Object.keys(dress.labels)])) {
      const part = this.parts.get(key);
      if (part?.title) part.title.textContent = [part.label, dress.labels[key]].filter(Boolean).join(" · ");
    }
    this.dressed = dress;
    this.last = last;
    this.name();
    this.reveal();
  }

  // Brings the current step into view inside the pane only; the notebook itself never scrolls.
  private reveal(wanted?: Element): void {
    const current = wanted ?? this.scroller.querySelector(".wf-current") ?? this.parts.get(this.last ?? "")?.group;
    if (!current) return;
    const pane = this.scroller.getBoundingClientRect();
    const card = current.getBoundingClientRect();
    if (!pane.height) return;
    const margin = 72;
    const hidden =
      card.top < pane.top + margin || card.bottom > pane.bottom - margin || card.left < pane.left || card.right > pane.right;
    if (!hidden) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({
      top: this.scroller.scrollTop + card.top + card.height / 2 - pane.top - pane.height / 2,
      left: this.scroller.scrollLeft + card.left + card.width / 2 - pane.left - pane.width / 2,
      behavior: calm ? "auto" : "smooth",
    });
  }

  private state(key: string, states: string[]): void {
    const part = this.parts.get(key);
    if (!part) return;
    const chosen = key === this.chosen ? " wfd-chosen" : "";
    part.group.setAttribute("class", [part.role, ...states].map((name) => `wf-${name}`).join(" ") + chosen);
    const mark = states.find((state) => state in this.glyphs);
    part.glyph?.setAttribute("d", mark ? (this.glyphs[mark] ?? "") : "");
  }

  // What a screen reader says of the steps; what is chosen is drawn with a ring.
  private name(): void {
    const stopped = new Set(this.breakpoints.filter(({ enabled }) => enabled).flatMap(({ paths }) => paths));
    for (const [path, { group }] of this.cards) {
      const part = this.parts.get(path);
      const said = [part?.label.split(" \u00b7 ")[0], this.dressed.labels[path]?.toLowerCase(), stopped.has(path) ? "breakpoint" : ""];
      group.setAttribute("aria-label", said.filter(Boolean).join(", "));
      group.setAttribute("aria-selected", String(path === this.chosen));
      group.classList.toggle("wfd-chosen", path === this.chosen);
    }
    const card = this.cards.get(this.chosen ?? "");
    if (card) this.scroller.setAttribute("aria-activedescendant", card.group.id);
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  choose(path: string | undefined): void {
    this.chosen = path;
    this.name();
    if (path) this.reveal(this.cards.get(path)?.group);
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const dot = target.closest<SVGGElement>("[data-dot]")?.dataset["dot"];
    if (dot && this.scroller.classList.contains("wfd-breakable")) {
      if (event.shiftKey) this.gestures.menu(dot, event.clientX, event.clientY);
      else this.gestures.toggle(dot);
      return;
    }
    const path = target.closest<SVGGElement>("g.wf-step")?.dataset["key"];
    this.choose(path === this.chosen ? undefined : path);
  }

  private contextmenu(event: MouseEvent): void {
    const path = (event.target as Element).closest<SVGGElement>("g.wf-step")?.dataset["key"] ?? (event.button < 0 ? this.target : undefined);
    if (!path) return;
    event.preventDefault();
    event.stopPropagation();
    this.menu(path);
  }

  private menu(path: string): void {
    const box = this.cards.get(path)?.group.getBoundingClientRect();
    this.choose(path);
    if (box) this.gestures.menu(path, box.left + 24, box.top + box.height - 8);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const paths = [...this.cards.keys()];
    const now = paths.indexOf(this.target ?? "");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = now < 0 ? 0 : now + (event.key === "ArrowDown" ? 1 : -1);
      this.choose(paths[Math.max(0, Math.min(paths.length - 1, next))]);
    } else if ((event.key === "Enter" || event.key === "ContextMenu") && this.target) {
      this.menu(this.target);
    } else if (event.key === "Escape" && this.chosen) {
      this.choose(undefined);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private shape(shape: Shape): SVGElement {
    switch (shape[0]) {
      case "rect": {
        const [, role, x, y, width, height, rx] = shape;
        return svg("rect", { class: `wf-${role}`, x, y, width, height, rx });
      }
      case "text": {
        const [, role, x, y, text, anchor] = shape;
        return svg("text", { class: `wf-${role}`, x, y, "text-anchor": anchor }, text);
      }
      case "path":
        return svg("path", { class: `wf-${shape[1]}`, d: shape[2] });
      case "glyph": {
        const [, x, y, radius] = shape;
        return svg("path", { class: "wf-glyph", transform: `translate(${x} ${y}) scale(${radius / 9})` });
      }
      case "slot":
        return this.slot(shape);
      case "group":
        return this.group(shape);
    }
  }

  private slot([, role, key, x, y, width, height, anchor]: Extract<Shape, ["slot", ...unknown[]]>): SVGElement {
    const down = width ? 3.5 : 0;
    const text = svg("text", { class: `wf-${role}-text`, x, y: y + down, "text-anchor": anchor });
    // Not a group of its own class: states style the direct children of a step.
    const holder = svg("g", { hidden: true });
    if (width) {
      holder.append(svg("rect", { class: `wf-${role}`, x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 }));
    }
    holder.append(text);
    this.slots.set(key, { holder, text });
    return holder;
  }

  private group([, role, key, label, shapes]: Extract<Shape, ["group", ...unknown[]]>): SVGElement {
    const children = shapes.map((shape) => this.shape(shape));
    const title = role === "step" ? svg("title", {}, label) : undefined;
    const group = svg("g", { class: `wf-${role}`, "data-key": key }, ...(title ? [title] : []), ...children);
    const glyph = children.find((child): child is SVGPathElement => child.classList.contains("wf-glyph"));
    this.parts.set(key, { group, role, label, title, glyph });
    const card = shapes.find((shape): shape is Extract<Shape, ["rect", ...unknown[]]> => shape[0] === "rect" && shape[1] === "card");
    if (role === "step" && card) {
      group.setAttribute("role", "option");
      group.id = `${this.id}-${this.cards.size}`;
      this.cards.set(key, { path: key, group, x: card[2], y: card[3], height: card[5] });
    }
    return group;
  }
}
