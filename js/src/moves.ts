// What changes the debugger, one after another. What is asked for while the kernel is at work waits for its turn; nothing is
// dropped, except what stands behind a move that failed: it was meant for where that move would have led.

import type { Kernel } from "./kernel";
import type { Move, Questions, View } from "./protocol";

interface Waiting {
  wanted(view: View): boolean;
  send(): Promise<unknown>;
  done(): void;
  failed(error: Error): void;
  slides: boolean;
}

export interface Watcher {
  busy(busy: boolean): void;
  failed(error: Error): void;
}

const MOVES_BACK = new Set<Move>(["back", "restart", "reverse_continue"]);
const MOVES_ON = new Set<Move>(["step", "step_over", "step_into", "step_out", "run_to_end", "resume"]);

export class Moves {
  private view: View | undefined;
  private busy = false;
  private waiting: Waiting[] = [];

  constructor(private readonly kernel: Kernel, private readonly watcher: Watcher) {}

  can(move: Move, view = this.view): boolean {
    if (!view) return false;
    if (MOVES_BACK.has(move)) return view.position > 0 || (view.micro?.[0] ?? 0) > 0;
    if (MOVES_ON.has(move)) return view.position < view.length || !view.finished;
    return true;
  }

  // Whether a move is possible is asked when its turn comes: the moves before it decide that.
  act(move: Move): void {
    this.line({ wanted: (view) => this.can(move, view), send: () => this.kernel.ask(move, {}) });
  }

  // While the slider is dragged only the latest position is asked for; the ones in between are skipped.
  go(position: number): void {
    if (this.waiting[this.waiting.length - 1]?.slides) this.waiting.pop();
    this.line({ wanted: (view) => position !== view.position || view.micro !== null, send: () => this.kernel.ask("goto", { position }), slides: true });
  }

  // A key that is held down repeats faster than a step may take; the run must not go on after it is let go.
  hold(move: Move): void {
    if (!this.busy) this.act(move);
  }

  // Anything else that changes something; who asked hears how it ended.
  do<Q extends keyof Questions>(type: Q, fields: Questions[Q][0]): Promise<void> {
    return new Promise((done, failed) => this.line({ send: () => this.kernel.ask(type, fields), done, failed }));
  }

  show(view: View): void {
    this.view = view;
  }

  get sliding(): boolean {
    return this.waiting.some((next) => next.slides);
  }

  private line(next: Partial<Waiting> & Pick<Waiting, "send">): void {
    this.waiting.push({ wanted: () => true, done: () => undefined, failed: (error) => this.watcher.failed(error), slides: false, ...next });
    void this.proceed();
  }

  private async proceed(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (!this.view || !next.wanted(this.view)) {
        next.done();
        continue;
      }
      this.watcher.busy(true);
      try {
        await next.send();
        next.done();
      } catch (error) {
        for (const late of this.waiting.splice(0)) late.done();
        next.failed(error as Error);
      }
    }
    this.busy = false;
    this.watcher.busy(false);
  }
}
