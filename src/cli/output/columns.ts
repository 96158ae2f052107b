// Rows under each other. Free text goes into the last column: its width on the screen then does not matter.

import { line, joinLines, type Line } from "./line.js";

/** The first row is the heading. */
export function columns(rows: readonly (readonly string[])[]): readonly Line[] {
  const cells = rows.map((row) => row.map((cell) => line`${cell}`));
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells.map((row) =>
    joinLines(
      row.map((cell, at) => (at === row.length - 1 ? cell : (cell.padEnd(widths[at] ?? 0) as Line))),
      "  ",
    ),
  );
}

/** `Name   value` under each other. */
export const facts = (pairs: readonly (readonly [string, string])[]): readonly Line[] => columns(pairs);
