import { expect, test } from "vitest";
import type { Context } from "../../../src/cli/context.js";
import { line } from "../../../src/cli/output/line.js";
import { showRequest } from "../../../src/cli/show-request.js";

async function shown(link: string, terminal: boolean): Promise<string> {
  const lines: string[] = [];
  const context = {
    output: { note: (...more: readonly string[]) => void lines.push(...more) },
    terminal: { stdout: terminal, stderr: terminal },
  } as unknown as Context;
  await showRequest(context, { title: line`To sign in:`, link, userCode: "BCDF-GHJK", number: "42" });
  return lines.join("\n");
}

const qr = /[█▀▄]{10}/;

test("link, code and number are shown; the number stands in no link", async () => {
  const text = await shown("https://control.example.com/activate?code=BCDF-GHJK", false);
  expect(text).toMatch(
    /Link +https:\/\/control\.example\.com\/activate\?code=BCDF-GHJK\n +Code +BCDF-GHJK\n +Number +42/,
  );
  expect(text).not.toMatch(qr);
});

test("a terminal shows a QR code, but not for a link that leads to this machine only", async () => {
  expect(await shown("https://control.example.com/activate?code=BCDF-GHJK", true)).toMatch(qr);
  for (const host of ["127.0.0.1:7070", "localhost:7070", "[::1]:7070"]) {
    const text = await shown(`http://${host}/activate?code=BCDF-GHJK`, true);
    expect(text).not.toMatch(qr);
    expect(text).toContain("No QR code: the link leads to this machine only.");
  }
});
