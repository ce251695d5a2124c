// The stepper: the pipeline on the left, the state on the right, and the way through the run above.

import { Controls, type Command } from "./controls";
import { html } from "./dom";
import { Help } from "./help";
import { Picture } from "./picture";
import type { FromKernel, Model, View } from "./protocol";
import { StateTree } from "./tree";

const KEYS: Record<string, Command> = {
  ArrowRight: "step",
  F10: "step",
  ArrowLeft: "back",
  Home: "restart",
  End: "run_to_end",
  F8: "run_to_end",
};
const EVERYWHERE = new Set(["F10", "F8"]); // the other keys belong to the tree and the slider while these have the focus

class Stepper {
  private readonly help = new Help();
  private readonly controls: Controls;
  private readonly picture = new Picture();
  private readonly tree: StateTree;
  private readonly title = html("h3", { class: "wfs-title" });
  private readonly status = html("span", { class: "wfs-status" });
  private readonly live = html("span", { class: "wfs-live" });
  private readonly step = html("div", { class: "wfs-now", "aria-live": "polite" });
  private readonly fault = html("div", { class: "wfs-fault", role: "alert", hidden: true });
  private readonly changed = html("span", { class: "wfs-count" });
  readonly root: HTMLElement;
  private position = 0;

  constructor(
    model: Model,
    css: string,
  ) {
    this.controls = new Controls((message) => model.send(message), this.help.button);
    this.tree = new StateTree((path, offset) => model.send({ type: "children", position: this.position, path, offset }));
    this.root = html(
      "section",
      { class: "wf-root wfs-root", "data-lm-suppress-shortcuts": "true", "aria-label": "Stepper" },
      html("style", {}, css),
      html("header", { class: "wfs-header" }, this.title, this.status, this.live),
      this.controls.element,
      this.step,
      this.fault,
      html(
        "div",
        { class: "wfs-panes" },
        this.picture.element,
        html("div", { class: "wfs-side" }, html("div", { class: "wfs-caption" }, html("span", {}, "State"), this.changed), this.tree.element),
      ),
      this.help.card,
    );
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  receive(message: FromKernel): void {
    switch (message.type) {
      case "scene":
        return this.picture.draw(message);
      case "view":
        return this.show(message);
      case "children":
        return this.tree.receive(message);
      case "fault":
        this.fault.textContent = message.text;
        this.fault.hidden = false;
        return this.controls.fail();
    }
  }

  repaint(): void {
    this.picture.rescale();
    this.tree.repaint();
  }

  private show(view: View): void {
    this.position = view.position;
    this.fault.hidden = true;
    this.title.textContent = view.title;
    this.status.textContent = view.status.toLowerCase();
    this.status.dataset["status"] = view.status;
    this.live.textContent = view.live ? "live" : "recorded";
    this.live.title = view.live ? "A step that has not run yet runs when you get there." : "Nothing runs: these are the recorded results.";
    this.controls.show(view);
    this.sayStep(view);
    const count = view.changes.length + view.more_changes;
    this.changed.textContent = count ? `${count} change${count === 1 ? "" : "s"}` : "no changes";
    this.tree.show(view);
    this.picture.wear(view.dress, view.step?.path);
  }

  private sayStep({ step, next, position }: View): void {
    const parts: (Node | string)[] = [];
    if (step) {
      parts.push(html("b", {}, step.id), html("code", {}, step.type));
      if (step.status) parts.push(html("span", { class: "wfs-status", "data-status": step.status }, step.status.toLowerCase().replace("_", " ")));
      if ((step.attempt ?? 1) > 1) parts.push(html("span", { class: "wfs-note" }, `attempt ${step.attempt}`));
    } else if (position === 0) {
      parts.push(html("b", {}, "Before the first step"));
    }
    if (next) parts.push(html("span", { class: "wfs-next", title: next.instance }, "next: ", html("b", {}, next.id)));
    const lines = [html("div", { class: "wfs-line" }, ...parts)];
    if (step?.error) lines.push(html("div", { class: "wfs-error" }, step.error));
    this.step.replaceChildren(...lines);
    this.step.title = step?.instance ?? "";
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Plain keys end here: the notebook would take them for its own (insert a cell, move the selection).
    if (event.key !== "Tab" && event.key !== "Escape" && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    if (event.key === "?") return this.did(event, () => this.help.toggle());
    if (event.key === "Escape" && this.help.open) return this.did(event, () => this.help.toggle(false));
    const command = event.shiftKey ? undefined : KEYS[event.key];
    const target = event.target as Element;
    const taken = target.closest("[role=tree], input");
    if (command && (!taken || EVERYWHERE.has(event.key))) this.did(event, () => (event.repeat ? this.controls.hold(command) : this.controls.act(command)));
  }

  private did(event: Event, act: () => void): void {
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

// JupyterLab says on the body which theme it has; elsewhere the system decides.
function followTheme(root: HTMLElement): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const lab = document.body.dataset["jpThemeLight"];
    root.classList.toggle("wf-dark", lab === undefined ? system.matches : lab === "false");
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  system.addEventListener("change", apply);
  apply();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", apply);
  };
}

export default {
  render({ model, el, css }: { model: Model; el: HTMLElement; css: string }): () => void {
    const stepper = new Stepper(model, css);
    const receive = (message: FromKernel): void => stepper.receive(message);
    model.on("msg:custom", receive);
    el.append(stepper.root);
    const stop = followTheme(stepper.root);
    const size = new ResizeObserver(() => stepper.repaint());
    size.observe(stepper.root);
    model.send({ type: "ready" });
    return () => {
      model.off("msg:custom", receive);
      size.disconnect();
      stop();
      stepper.root.remove();
    };
  },
};
