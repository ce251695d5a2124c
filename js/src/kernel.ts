// Asking the kernel: every question carries a token, and the answer brings it back. Two views of one debugger share a channel;
// by the token each of them knows its own answers.

import type { FromKernel, Model, Questions } from "./protocol";

interface Open {
  resolve(message: unknown): void;
  reject(error: Error): void;
}

export class Kernel {
  private readonly name = Math.random().toString(36).slice(2, 10);
  private readonly open = new Map<string, Open>();
  private count = 0;

  constructor(private readonly model: Model) {}

  ask<Q extends keyof Questions>(type: Q, fields: Questions[Q][0]): Promise<Questions[Q][1]> {
    const ask = `${this.name}-${++this.count}`;
    return new Promise((resolve, reject) => {
      this.open.set(ask, { resolve: resolve as Open["resolve"], reject });
      this.model.send({ ...fields, type, ask });
    });
  }

  // Whoever asked is told; a message that was asked for by nobody here is for everybody or for another view.
  settle(message: FromKernel & { ask?: string }): boolean {
    const open = this.open.get(message.ask ?? "");
    if (!open || message.type === "scene") return false;
    this.open.delete(message.ask ?? "");
    if (message.type === "fault") open.reject(new Error(message.text));
    else open.resolve(message);
    return true;
  }
}
