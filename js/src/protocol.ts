// The messages between the kernel and the front end: what is asked, and what comes back.

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
export interface Breakpoint {
  id: number;
  on: string;
  what: string;
  name: string; // of what it stands on, for people
  condition: string | null;
  hits: string | null;
  log: string | null;
  enabled: boolean;
  paths: string[]; // where it stands in the pipeline
  fault: string | null;
}
export interface Watch {
  expression: string;
  text: string;
  kind: string; // of a value, "nothing" or "fault"
}
export interface FrameInfo {
  title: string;
  detail: string;
  run: string;
  path: string | null;
}
export interface LogLine {
  at: number | null;
  time: string;
  kind: string;
  text: string;
}
export interface Lines {
  type: "lines";
  items: LogLine[];
}
export interface OpenRun {
  id: string;
  label: string;
}
export interface Held {
  by: string[];
  mine: boolean;
}

export type Feature =
  | "into" | "out" | "continue" | "reverse" | "breakpoints" | "watches" | "history" | "evaluate" | "complete" | "frames"
  | "inside" | "path" | "log" | "why" | "edit" | "fork" | "replay" | "compare" | "hold";

export interface View {
  type: "view";
  position: number;
  length: number;
  finished: boolean;
  live: boolean;
  title: string;
  status: string;
  features: Feature[];
  step: StepInfo | null;
  next: StepInfo | null;
  tree: Container;
  changes: Change[];
  more_changes: number;
  stamp: string; // marks and steps are to be asked for again when it is another one
  reason: string | null; // why the last move ended here
  micro: [number, number] | null; // the micro position inside of the step that comes next, and how many there are
  breakpoints: Breakpoint[];
  watches: Watch[];
  frames: FrameInfo[];
  logged: number; // lines of log points
  run: string;
  runs: OpenRun[]; // the runs that were opened here
  open: string; // the one of them that is shown, or that called the one that is shown
  parent: string | null;
  held: Held | null;
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
  items: [Key, TreeNode][];
}
export interface StepRow {
  id: string;
  type: string;
  instance: string;
  status: string;
  attempt: number;
  duration: string;
  item: string;
}
export interface Steps {
  type: "steps";
  items: StepRow[];
}
export type MarkKind = "error" | "retry" | "wait" | "edit" | "log" | "break";
export interface Marks {
  type: "marks";
  items: { at: number; kind: MarkKind; count: number }[];
}
export interface Value {
  type: "value";
  kind: string;
  text: string;
  tree?: Container;
}
export interface Completion {
  text: string; // what is put in
  kind: "path" | "function" | "word";
  detail: string;
}
export interface Completions {
  type: "completions";
  from: number; // what stands from here to the caret is replaced
  items: Completion[];
}
export interface History {
  type: "history";
  items: { at: number; text: string; number: number | null }[];
  more: boolean;
}
export interface Origin {
  title: string;
  source: string;
  expression: string | null;
  value: string;
  position: number | null;
  inputs: Origin[];
}
export interface Why {
  type: "why";
  place: string;
  origin: Origin;
}
export interface Micro {
  kind: string;
  title: string;
  expression: string | null;
  value: string;
}
export interface Inside {
  type: "inside";
  step: string;
  at: number | null;
  items: Micro[];
}
export interface ForkForm {
  type: "fork_form";
  versions: number[];
  version: number;
  effects: string[]; // what would really be done by a live fork
  live: boolean; // whether a live fork may be asked for
}
export interface Pair {
  left: string;
  right: string;
  mark: "same" | "differs" | "left" | "right";
  note: string;
  at: number | null;
}
export interface Difference {
  place: string;
  left: string;
  right: string;
}
export interface Comparison {
  type: "comparison";
  title: string;
  summary: string;
  left: string;
  right: string;
  pairs: Pair[];
  more: number;
  differences: Difference[];
}
export interface Fault {
  type: "fault";
  text: string;
}

export interface BreakpointDraft {
  breakpoint: number; // of the one that it replaces; 0 for a new one
  on: string;
  what: string;
  condition: string | null;
  hits: string | null;
  log: string | null;
  enabled: boolean;
}
export interface ForkDraft {
  edits: [string, string][]; // places, and values as JSON
  version: number | null;
  live: boolean;
  reason: string;
}

export type Move =
  | "ready" | "step" | "step_over" | "step_into" | "step_out" | "back" | "run_to_end" | "restart"
  | "resume" | "reverse_continue" | "hold" | "release" | "look";

type Nothing = Record<never, never>;

// Every question with its fields and its answer.
export type Questions = { [M in Move]: [Nothing, View] } & {
  goto: [{ position: number }, View];
  run_to: [{ step: string }, View];
  children: [{ position: number; path: Path; offset: number }, Children];
  steps: [{ from: number; count: number }, Steps];
  marks: [{ from: number; to: number; bins: number }, Marks];
  evaluate: [{ text: string }, Value];
  complete: [{ text: string; at: number }, Completions];
  watch: [{ expression: string }, View];
  unwatch: [{ expression: string }, View];
  history: [{ expression: string }, History];
  toggle_breakpoint: [{ step: string }, View];
  set_breakpoint: [BreakpointDraft, View];
  remove_breakpoint: [{ breakpoint: number }, View];
  out: [{ run: string }, View];
  why: [{ path: Path }, Why];
  inside: [Nothing, Inside];
  lines: [Nothing, Lines];
  edit: [{ place: string; value: string }, View];
  skip: [Nothing, View];
  supply: [{ output: string }, View];
  jump: [{ step: string }, View];
  fork_form: [Nothing, ForkForm];
  fork: [ForkDraft, View];
  show: [{ run: string }, View];
  replay: [{ version: number | null }, Comparison];
  compare: [{ other: string }, Comparison];
};

export type FromKernel = Questions[keyof Questions][1] | Scene | Fault | { type: "asset" | "same" };

export interface Model {
  on(event: "msg:custom", callback: (message: FromKernel & { ask?: string }) => void): void;
  off(event: "msg:custom", callback: (message: FromKernel & { ask?: string }) => void): void;
  send(content: unknown): void;
}
