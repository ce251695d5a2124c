// The pipeline: drawn once from the scene, then only dressed anew from step to step.

import { html, svg } from "./dom";
import type { Dress, Scene, Shape } from "./protocol";

interface Part {
  group: SVGGElement;
  role: string;
  label: string;
  title: SVGTitleElement | undefined;
  glyph: SVGPathElement | undefined;
}

const EMPTY: Dress = { states: {}, texts: {}, labels: {} };

export class Picture {
  private readonly scroller = html("div", { class: "wfs-picture", tabindex: 0, role: "group", "aria-label": "Pipeline" });
  private readonly zoom = html("button", { type: "button", class: "wfs-button wfs-zoom", "aria-pressed": "false" }, "Fit");
  readonly element = html("div", { class: "wfs-stage" }, this.scroller, this.zoom);
  private drawing: SVGSVGElement | undefined;
  private size = { width: 0, height: 0 };
  private whole = false;
  private last: string | undefined;
  private parts = new Map<string, Part>();
  private slots = new Map<string, { holder: SVGGElement; text: SVGTextElement }>();
  private glyphs: Record<string, string> = {};
  private dressed: Dress = EMPTY;

  constructor() {
    this.zoom.addEventListener("click", () => {
      this.whole = !this.whole;
      this.rescale();
      this.reveal();
    });
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
    this.glyphs = scene.glyphs;
    const drawing = svg("svg", {
      width: scene.width,
      height: scene.height,
      viewBox: `0 0 ${scene.width} ${scene.height}`,
      role: "img",
      "aria-label": scene.title,
    });
    drawing.append(...scene.shapes.map((shape) => this.shape(shape)));
    this.drawing = drawing;
    this.size = { width: scene.width, height: scene.height };
    this.scroller.replaceChildren(drawing);
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
    this.reveal();
  }

  // Brings the current step into view inside the pane only; the notebook itself never scrolls.
  private reveal(): void {
    const current = this.scroller.querySelector(".wf-current") ?? this.parts.get(this.last ?? "")?.group;
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
    part.group.setAttribute("class", [part.role, ...states].map((name) => `wf-${name}`).join(" "));
    const mark = states.find((state) => state in this.glyphs);
    part.glyph?.setAttribute("d", mark ? (this.glyphs[mark] ?? "") : "");
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
    return group;
  }
}
