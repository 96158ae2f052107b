// Colours, where a terminal shows them and NO_COLOR does not forbid it. chalk is loaded only then.

import type { Line } from "./line.js";

type Paint = (text: Line) => Line;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

const plain: Paint = (text) => text;
const noStyle: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

export async function loadStyle(colours: boolean): Promise<Style> {
  if (!colours) return noStyle;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  const paint =
    (name: keyof Style): Paint =>
    (text) =>
      chalk[name](text) as Line;
  return { bold: paint("bold"), dim: paint("dim"), red: paint("red"), green: paint("green"), yellow: paint("yellow") };
}
