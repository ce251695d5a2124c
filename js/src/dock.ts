// The tabs below: one panel at a time. A panel whose feature the debugger does not have is not there.

import { freshId, html } from "./dom";
import type { Feature, View } from "./protocol";

export interface Panel {
  readonly title: string;
  readonly feature: Feature;
  readonly element: HTMLElement;
  show(view: View): void; // called for every view
  opened?(): void; // it has just become visible
  badge?(view: View): string;
}

interface Tab {
  panel: Panel;
  button: HTMLButtonElement;
  badge: HTMLElement;
  body: HTMLElement;
}

export class Dock {
  private readonly list = html("div", { class: "wfd-tabs", role: "tablist", "aria-label": "Panels" });
  readonly element = html("div", { class: "wfd-dock" }, this.list);
  private readonly tabs: Tab[];
  private chosen: Tab | undefined;

  constructor(panels: Panel[]) {
    this.tabs = panels.map((panel) => this.tab(panel));
    this.list.addEventListener("keydown", (event) => this.key(event));
  }

  show(view: View): void {
    for (const { panel, button, badge } of this.tabs) {
      button.hidden = !view.features.includes(panel.feature);
      badge.textContent = panel.badge?.(view) ?? "";
      panel.show(view);
    }
    if (!this.chosen || this.chosen.button.hidden) this.choose(this.visible[0]);
    this.element.hidden = this.visible.length === 0;
  }

  open(panel: Panel): void {
    this.choose(this.tabs.find((tab) => tab.panel === panel));
  }

  repaint(): void {
    this.chosen?.panel.opened?.();
  }

  private get visible(): Tab[] {
    return this.tabs.filter(({ button }) => !button.hidden);
  }

  private tab(panel: Panel): Tab {
    const [name, pane] = [freshId(), freshId()];
    const badge = html("span", { class: "wfd-badge" });
    const button = html("button", { type: "button", role: "tab", id: name, class: "wfd-tab", "aria-selected": "false", "aria-controls": pane, tabindex: -1 }, panel.title, badge);
    const body = html("div", { role: "tabpanel", id: pane, class: "wfd-panel", "aria-labelledby": name, hidden: true, tabindex: 0 }, panel.element);
    const tab = { panel, button, badge, body };
    button.addEventListener("click", () => this.choose(tab));
    this.list.append(button);
    this.element.append(body);
    return tab;
  }

  private choose(chosen: Tab | undefined): void {
    if (!chosen || chosen === this.chosen) return;
    this.chosen = chosen;
    for (const tab of this.tabs) {
      const on = tab === chosen;
      tab.button.setAttribute("aria-selected", String(on));
      tab.button.tabIndex = on ? 0 : -1;
      tab.body.hidden = !on;
    }
    chosen.panel.opened?.();
  }

  private key(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const visible = this.visible;
    const now = visible.findIndex((tab) => tab === this.chosen);
    const next = visible[by === Infinity ? visible.length - 1 : by === -Infinity ? 0 : (now + by + visible.length) % visible.length];
    this.choose(next);
    next?.button.focus();
  }
}
