// What can be changed where a held run stands: a value, or what comes next. On the record it is another value of a fork.

import { Dialog, field, text } from "./dialog";
import type { Forking } from "./fork";
import type { Choice } from "./menu";
import type { Moves } from "./moves";
import type { View } from "./protocol";

export function editable(view: View): boolean {
  return view.features.includes("edit") && view.live && view.position === view.length;
}

export function editValue(root: HTMLElement, moves: Moves, forking: Forking, view: View, place: string, value: string): Promise<void> {
  if (!editable(view)) return forking.open(view, [[place, value]]);
  const input = text(value);
  new Dialog(root, `Set ${place}`, [field("Value as JSON", input, "The run goes on with it; who set it, and when, is recorded.")], "Set", () =>
    moves.do("edit", { place, value: input.value }),
  ).open();
  return Promise.resolve();
}

// What the menu of a step offers beside stopping there.
export function edits(root: HTMLElement, moves: Moves, view: View, step: string, failed: (error: Error) => void): Choice[] {
  if (!editable(view) || !view.next) return [];
  const next = view.next.id;
  const supply = (): void => {
    const input = text("", '{"id": 1}');
    new Dialog(root, `What ${next} gives`, [field("Result as JSON", input, "The step is not performed: this stands for its result.")], "Supply", () =>
      moves.do("supply", { output: input.value }),
    ).open();
  };
  return [
    [`Skip ${next}`, () => void moves.do("skip", {}).catch(failed)],
    [`Supply a result for ${next}\u2026`, supply],
    ["Go on from here", () => void moves.do("jump", { step }).catch(failed)],
  ];
}
