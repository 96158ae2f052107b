// A text as a QR code for cameras of phones: inline SVG, dark on white in every theme, with the margin that readers want.

import { readQrModules } from "../../platform/qr.js";
import { escapeHtml, Html } from "./html.js";

/** `label`: what a screen reader says instead. */
export async function qrCode(text: string, label: string): Promise<Html> {
  const modules = await readQrModules(text);
  const size = String(modules.length);
  const dark = modules.flatMap((row, y) => runsOf(row).map(([x, width]) => `M${x} ${y}h${width}v1h-${width}z`));
  return new Html(
    `<svg class="qr" viewBox="0 0 ${size} ${size}" width="168" height="168" role="img" aria-label="${escapeHtml(label)}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${dark.join("")}"/></svg>`,
  );
}

/** Where dark modules begin in a row, and how many follow. */
function runsOf(row: readonly boolean[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  row.forEach((isDark, x) => {
    const last = runs.at(-1);
    if (!isDark) return;
    if (last !== undefined && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}
