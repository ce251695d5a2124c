// A window of positions on a long run.

export interface Span {
  from: number;
  to: number;
}

const NARROWEST = 20;

// The same width around a position, inside of the run.
export function centred({ from, to }: Span, position: number, length: number): Span {
  const width = Math.min(to - from, length);
  const begin = Math.max(0, Math.min(Math.round(position - width / 2), length - width));
  return { from: begin, to: begin + width };
}

export function zoomed({ from, to }: Span, factor: number, position: number, length: number): Span {
  const width = Math.min(length, Math.max(NARROWEST, Math.round((to - from) * factor)));
  return centred({ from: 0, to: width }, position, length);
}
