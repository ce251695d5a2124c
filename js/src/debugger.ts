// The debugger: the pipeline and the state, the way through the run above them, panels and a line of JSONata below.

import { BreakpointsPanel, blank, draftOf } from "./breakpoints";
import { askComparison, askReplay, ComparisonPanel } from "./comparison";
import { Console } from "./console";
import { Dock } from "./dock";
import { html } from "./dom";
import { edits, editValue } from "./editing";
import { Forking } from "./fork";
import { FramesPanel } from "./frames";
import { Header } from "./header";
import { Help } from "./help";
import { InsidePanel } from "./inside";
import { Kernel } from "./kernel";
import { Keys } from "./keys";
import { LogPanel } from "./log";
import { openMenu, type Choice } from "./menu";
import { Moves } from "./moves";
import { Now } from "./now";
import { PathPanel } from "./path";
import { Picture } from "./picture";
import { expressionOf, placeOf } from "./places";
import type { Comparison, FromKernel, Model, Path, View } from "./protocol";
import { followTheme } from "./theme";
import { Timeline } from "./timeline";
import { Toolbar } from "./toolbar";
import { StateTree } from "./tree";
import { WatchesPanel } from "./watches";
import { WhyPanel } from "./why";

const PATIENCE = 150; // milliseconds until a step that takes longer is said to
const LOOK = 1000; // milliseconds between two looks at a run that somebody else drives

class Debugger {
  private readonly kernel: Kernel;
  private readonly moves: Moves;
  private readonly help = new Help();
  private readonly now = new Now();
  private readonly header: Header;
  private readonly toolbar: Toolbar;
  private readonly timeline: Timeline;
  private readonly picture: Picture;
  private readonly tree: StateTree;
  private readonly console: Console;
  private readonly dock: Dock;
  private readonly forking: Forking;
  private readonly breakpoints: BreakpointsPanel;
  private readonly watches: WatchesPanel;
  private readonly why: WhyPanel;
  private readonly comparison: ComparisonPanel;
  private readonly changed = html("span", { class: "wfd-count" });
  readonly root: HTMLElement;
  private view: View | undefined;
  private slow: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model, css: string) {
    const root = (): HTMLElement => this.root;
    const kernel = (this.kernel = new Kernel(model));
    const moves = (this.moves = new Moves(kernel, { busy: (busy) => this.busy(busy), failed: (error) => this.now.fail(error.message) }));
    this.forking = new Forking(root, kernel, moves);
    this.breakpoints = new BreakpointsPanel(root, moves);
    this.watches = new WatchesPanel(kernel, moves);
    this.why = new WhyPanel(moves);
    this.comparison = new ComparisonPanel(moves);
    this.dock = new Dock([
      new PathPanel(kernel, moves), this.watches, this.breakpoints, new FramesPanel(moves, (path) => this.picture.choose(path)), new InsidePanel(kernel), new LogPanel(kernel, moves), this.why, this.comparison,
    ]);
    this.header = new Header(this.deeds(), this.help.button);
    this.toolbar = new Toolbar(moves);
    this.timeline = new Timeline(kernel, moves);
    this.picture = new Picture({ toggle: (step) => this.toggle(step), menu: (step, x, y) => this.menu(step, x, y) });
    this.tree = this.makeTree();
    this.console = new Console(kernel, (expression) => this.watch(expression));
    this.root = this.layout(css);
    new Keys(this.root, { act: (move, held) => (held ? moves.hold(move) : moves.act(move)), toggle: () => this.toggle(this.picture.target), help: this.help, can: (feature) => this.view?.features.includes(feature) ?? false });
  }

  receive(message: FromKernel & { ask?: string }): void {
    if (message.type === "scene") this.picture.draw(message);
    else if (message.type === "view") this.show(message);
    else if (message.type === "fault" && !message.ask) this.now.fail(message.text);
    this.kernel.settle(message);
  }

  // The first look at the run, and looks from time to time while somebody else may move it.
  start(): () => void {
    this.kernel.ask("ready", {}).catch((error: Error) => this.now.fail(error.message));
    const timer = setInterval(() => {
      if (this.view?.features.includes("hold") && document.visibilityState === "visible") this.moves.hold("look");
    }, LOOK);
    return () => clearInterval(timer);
  }

  repaint(): void {
    this.picture.rescale();
    this.tree.repaint();
    this.dock.repaint();
  }

  private show(view: View): void {
    if (this.view && (this.view.position !== view.position || this.view.run !== view.run)) this.picture.choose(undefined);
    this.view = view;
    this.moves.show(view);
    for (const part of [this.header, this.toolbar, this.timeline, this.now, this.help, this.console, this.dock, this.tree]) part.show(view);
    const count = view.changes.length + view.more_changes;
    this.changed.textContent = count ? `${count} change${count === 1 ? "" : "s"}` : "no changes";
    this.picture.show(view.breakpoints, view.features.includes("breakpoints"));
    this.picture.wear(view.dress, view.step?.path);
  }

  private layout(css: string): HTMLElement {
    const caption = html("div", { class: "wfd-caption" }, html("span", {}, "State"), this.changed);
    return html(
      "section",
      { class: "wf-root wfd-root", "data-lm-suppress-shortcuts": "true", "aria-label": "Debugger" },
      html("style", {}, css),
      this.header.element,
      html("div", { class: "wfd-controls" }, this.toolbar.element, this.timeline.element),
      this.now.element,
      this.now.fault,
      html("div", { class: "wfd-panes" }, this.picture.element, html("div", { class: "wfd-side" }, caption, this.tree.element)),
      this.console.element,
      this.dock.element,
      this.help.card,
    );
  }

  private makeTree(): StateTree {
    const fetch = async (path: Path, offset: number) => (await this.kernel.ask("children", { position: this.view?.position ?? 0, path, offset })).items;
    return new StateTree(fetch, [
      { key: "w", name: "why", on: (view) => view.features.includes("why"), act: (path) => this.ask(path) },
      { key: "a", name: "watch", on: (view) => view.features.includes("watches"), act: (path) => this.watch(expressionOf(path)) },
      {
        key: "e",
        name: "set",
        on: (view) => view.features.includes("edit") || view.features.includes("fork"),
        act: (path, text) => this.edit(placeOf(path), text),
      },
    ]);
  }

  private deeds() {
    const told = (comparison: Comparison): void => {
      this.comparison.tell(comparison);
      this.dock.open(this.comparison);
    };
    const failed = (error: Error): void => this.now.fail(error.message);
    return {
      fork: () => this.view && void this.forking.open(this.view).catch(failed),
      replay: () => this.view && void askReplay(this.root, this.kernel, this.view, told).catch(failed),
      compare: () => this.view && askComparison(this.root, this.kernel, this.view, told),
      hold: () => this.moves.act("hold"),
      release: () => this.moves.act("release"),
      show: (run: string) => void this.moves.do("show", { run }).catch(failed),
    };
  }

  private ask(path: Path): void {
    this.kernel.ask("why", { path }).then(
      (why) => {
        this.why.tell(why);
        this.dock.open(this.why);
      },
      (error: Error) => this.now.fail(error.message),
    );
  }

  private edit(place: string, text: string): void {
    if (this.view) editValue(this.root, this.moves, this.forking, this.view, place, text).catch((error: Error) => this.now.fail(error.message));
  }

  private watch(expression: string): void {
    this.watches.add(expression);
    this.dock.open(this.watches);
  }

  private toggle(step: string | undefined): void {
    if (!step || !this.view?.features.includes("breakpoints")) return;
    this.moves.do("toggle_breakpoint", { step }).catch((error: Error) => this.now.fail(error.message));
  }

  private menu(step: string, x: number, y: number): void {
    const view = this.view;
    if (!view) return;
    const here = view.breakpoints.find((breakpoint) => breakpoint.paths.includes(step));
    const failed = (error: Error): void => this.now.fail(error.message);
    const choices: Choice[] = [["Run to here", () => void this.moves.do("run_to", { step }).catch(failed)]];
    if (view.features.includes("breakpoints")) {
      choices.push(
        [here ? "Remove the breakpoint" : "Break here", () => this.toggle(step)],
        ["Condition, hits, log\u2026", () => this.breakpoints.edit(here ? draftOf(here) : blank("step", step))],
      );
    }
    choices.push(...edits(this.root, this.moves, view, step, failed));
    openMenu(this.root, `Step ${step}`, choices, x, y);
  }

  private busy(busy: boolean): void {
    this.root.setAttribute("aria-busy", String(busy));
    clearTimeout(this.slow);
    if (busy) this.slow = setTimeout(() => this.root.classList.add("wfd-busy"), PATIENCE);
    else this.root.classList.remove("wfd-busy");
  }
}

export default {
  render({ model, el, css }: { model: Model; el: HTMLElement; css: string }): () => void {
    const shown = new Debugger(model, css);
    const receive = (message: FromKernel): void => shown.receive(message);
    model.on("msg:custom", receive);
    el.append(shown.root);
    const ends = [followTheme(shown.root), shown.start()];
    const size = new ResizeObserver(() => shown.repaint());
    size.observe(shown.root);
    return () => {
      model.off("msg:custom", receive);
      size.disconnect();
      for (const end of ends) end();
      shown.root.remove();
    };
  },
};
