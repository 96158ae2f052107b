// Shows a device request to a person, on stderr: link, code and number, and a QR code where it helps.

import { isLoopbackHost } from "../config/read.js";
import type { Context } from "./context.js";
import { facts } from "./output/columns.js";
import { line, type Line } from "./output/line.js";

export interface ShownRequest {
  readonly title: Line;
  readonly link: string;
  readonly userCode: string;
  /** Stands in no link: the person reads it here and types it there (DESIGN section 4, "Phishing"). */
  readonly number: string | undefined;
}

export async function showRequest(context: Context, request: ShownRequest): Promise<void> {
  const rows: (readonly [string, string])[] = [
    ["  Link", request.link],
    ["  Code", request.userCode],
    ...(request.number === undefined ? [] : [["  Number", `${request.number} (the page asks for it)`] as const]),
  ];
  context.output.note(line``, request.title, line``, ...facts(rows), line``);
  if (!context.terminal.stderr) return;
  // Another device's loopback is another machine.
  if (isLoopbackHost(new URL(request.link).hostname)) {
    context.output.note(line`No QR code: the link leads to this machine only.`, line``);
    return;
  }
  const { renderQr } = await import("../platform/qr.js");
  const rowsOfQr = await renderQr(request.link);
  if (rowsOfQr !== undefined) context.output.note(...rowsOfQr.map((row) => line`${row}`), line``);
}
