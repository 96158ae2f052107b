// Pages are judged by what a person sees, so the tests' browser must draw Latin and Chinese with real glyphs.
import { createServer } from "node:http";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { launchBrowser, openPhone } from "../support/browser.js";
import { onEnd } from "../support/cleanup.js";

let page: Page;

beforeAll(async () => {
  const body =
    "<!doctype html><meta charset=utf-8><title>t</title><p id=s style='font:48px sans-serif;width:120px;height:70px'>x</p>";
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => void server.close(), "file");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const context = await openPhone(await launchBrowser(), { javaScriptEnabled: true });
  page = await context.newPage();
  await page.goto(`http://127.0.0.1:${address.port}/`);
});

async function drawn(text: string): Promise<string> {
  const sample = page.locator("#s");
  await sample.evaluate((element, value) => (element.textContent = value), text);
  return (await sample.screenshot()).toString("base64");
}

test("each Chinese character has its own glyph, none the box of a missing one", async () => {
  const texts = ["节", "点", "绑", "定", "\u{e123}", "A", "B"];
  const pictures = [];
  for (const text of texts) pictures.push(await drawn(text));
  expect(new Set(pictures).size).toBe(texts.length);
  // Two code points that no font has look alike: so a difference above means a glyph.
  expect(await drawn("\u{e123}")).toBe(await drawn("\u{e124}"));
});

test("the browser reaches nothing but loopback", async () => {
  await expect(page.goto("http://example.com/")).rejects.toThrow(/ERR_NAME_NOT_RESOLVED/);
});
