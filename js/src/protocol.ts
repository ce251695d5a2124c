// The messages between the kernel and the front end.

export type Key = string | number;
export type Path = Key[];

export interface Leaf {
  kind: "string" | "number" | "boolean" | "null";
  text: string;
  size?: number;
}
export interface Container {
  kind: "object" | "array";
  size: number;
  next: number; // entries from the first one on that are here without a gap; the next page starts there
  items: [Key, TreeNode][] | null;
}
export type TreeNode = Leaf | Container;

export interface Change {
  op: "added" | "changed" | "removed";
  path: Path;
  old?: string;
  new?: string;
}

export interface StepInfo {
  id: string;
  path: string;
  instance: string;
  type: string;
  status?: string;
  attempt?: number;
  error?: string | null;
}

export interface Dress {
  states: Record<string, string[]>;
  texts: Record<string, string>;
  labels: Record<string, string>;
}

export interface View {
  type: "view";
  position: number;
  length: number;
  finished: boolean;
  live: boolean;
  title: string;
  status: string;
  step: StepInfo | null;
  next: StepInfo | null;
  tree: Container;
  changes: Change[];
  more_changes: number;
  marks: { at: number; kind: "error" | "retry" | "wait" }[];
  dress: Dress;
}

// Shapes are arrays to keep a large picture small; the first item says which it is.
export type Shape =
  | ["rect", string, number, number, number, number, number]
  | ["text", string, number, number, string, string]
  | ["path", string, string]
  | ["glyph", number, number, number]
  | ["slot", string, string, number, number, number, number, string]
  | ["group", string, string, string, Shape[]];

export interface Scene {
  type: "scene";
  width: number;
  height: number;
  title: string;
  glyphs: Record<string, string>;
  shapes: Shape[];
}

export interface Children {
  type: "children";
  position: number;
  path: Path;
  offset: number;
  items: [Key, TreeNode][];
}

export interface Fault {
  type: "fault";
  text: string;
}

export type FromKernel = Scene | View | Children | Fault | { type: "asset" };

export type ToKernel =
  | { type: "ready" | "step" | "back" | "run_to_end" | "restart" }
  | { type: "goto"; position: number }
  | { type: "children"; position: number; path: Path; offset: number };

export interface Model {
  on(event: "msg:custom", callback: (message: FromKernel) => void): void;
  off(event: "msg:custom", callback: (message: FromKernel) => void): void;
  send(content: ToKernel): void;
}
