// A place of the state as text: as JSONata, and as the places that an assignment writes.

import type { Path } from "./protocol";

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function expressionOf(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += `${text ? "." : ""}${PLAIN.test(key) ? key : `\`${key}\``}`;
  }
  return text;
}

export function placeOf(path: Path): string {
  return path.join(".");
}
