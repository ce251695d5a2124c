// The state as a flat list of visible rows: what is open, what the last step changed, what is still to be fetched.

import type { Change, Container, Key, Path, TreeNode } from "./protocol";

export interface Row {
  id: string;
  path: Path;
  level: number;
  key: string;
  node: TreeNode | undefined;
  open: boolean | undefined;
  change: Change | undefined;
  inside: boolean;
  more: number;
}

export const pathId = (path: Path): string => JSON.stringify(path);

// What the last step changed, by place, and every place that has a change inside.
export class Changes {
  private readonly at = new Map<string, Change>();
  private readonly around = new Set<string>();
  private readonly removed = new Map<string, Change[]>();

  constructor(changes: Change[]) {
    for (const change of changes) {
      this.at.set(pathId(change.path), change);
      for (let depth = 0; depth < change.path.length; depth++) this.around.add(pathId(change.path.slice(0, depth)));
      if (change.op === "removed") {
        const parent = pathId(change.path.slice(0, -1));
        this.removed.set(parent, [...(this.removed.get(parent) ?? []), change]);
      }
    }
  }

  of(id: string): Change | undefined {
    return this.at.get(id);
  }

  within(id: string): boolean {
    return this.around.has(id);
  }

  removedFrom(id: string): Change[] {
    return this.removed.get(id) ?? [];
  }

  *ancestors(): Iterable<string> {
    yield* this.around;
  }
}

export function visibleRows(root: Container, open: Set<string>, changes: Changes): Row[] {
  const rows: Row[] = [];
  walk(root, [], 1, { open, changes, rows });
  return rows;
}

interface Walk {
  open: Set<string>;
  changes: Changes;
  rows: Row[];
}

function walk(container: Container, path: Path, level: number, walked: Walk): void {
  const { open, changes, rows } = walked;
  const items = container.items ?? [];
  for (const [key, node] of items) {
    const place = [...path, key];
    const id = pathId(place);
    const holds = "items" in node && node.size > 0;
    const opened = holds ? open.has(id) : undefined;
    rows.push(row(place, level, node, opened, changes.of(id), changes.within(id)));
    if (holds && opened) walk(node, place, level + 1, walked);
  }
  for (const change of changes.removedFrom(pathId(path))) {
    rows.push(row(change.path, level, undefined, undefined, change, false));
  }
  const missing = container.size - items.length;
  if (missing > 0) {
    rows.push({ ...row([...path, "\u2026"], level, undefined, undefined, undefined, false), more: missing });
  }
}

function row(
  path: Path,
  level: number,
  node: TreeNode | undefined,
  open: boolean | undefined,
  change: Change | undefined,
  inside: boolean,
): Row {
  const key = String(path[path.length - 1] ?? "");
  return { id: pathId(path), path, level, key, node, open, change, inside, more: 0 };
}

export function find(root: Container, path: Path): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const key of path) {
    if (!node || !("items" in node)) return undefined;
    node = node.items?.find(([name]: [Key, TreeNode]) => name === key)?.[1];
  }
  return node;
}
