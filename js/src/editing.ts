// A value of a run that is held here is set by hand; on the record it is another value of a fork.

import { Dialog, field, text } from "./dialog";
import type { Forking } from "./fork";
import type { Moves } from "./moves";
import type { View } from "./protocol";

export function editValue(root: HTMLElement, moves: Moves, forking: Forking, view: View, place: string, value: string): void {
  if (view.features.includes("edit") && view.live && view.position === view.length) {
    const input = text(value);
    new Dialog(root, `Set ${place}`, [field("Value as JSON", input, "The run goes on with it; who set it, and when, is recorded.")], "Set", () =>
      moves.do("edit", { place, value: input.value }),
    ).open();
  } else {
    void forking.open(view, [[place, value]]);
  }
}
