// Owns what is wrong with a page that a browser shows: wider than its window, a character without a glyph, or a barrier
// that axe-core calls serious. (All languages and themes of all pages: integration/control/pages/looks.)
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Without JavaScript axe-core cannot run: it waits for a frame that never comes. */
export async function inspect(page: Page, javaScript: boolean): Promise<readonly string[]> {
  const wrong = [...(await tooWide(page)), ...(await missingGlyphs(page))];
  return javaScript ? [...wrong, ...(await barriers(page))] : wrong;
}

async function tooWide(page: Page): Promise<readonly string[]> {
  const [width = 0, window = 0] = (await page.evaluate(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  )) as readonly number[];
  return width > window ? [`${String(width)} px wide in a window of ${String(window)} px`] : [];
}

/**
 * Draws each Chinese character of the page in the font of the element it is in, beside a character that no font has:
 * who looks like that one has no glyph.
 */
const findMissing = `(() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const draw = (character, font) => {
    context.clearRect(0, 0, 40, 40);
    context.font = font;
    context.textBaseline = "top";
    context.fillText(character, 4, 4);
    return context.getImageData(0, 0, 40, 40).data.join();
  };
  const missing = new Set();
  const boxes = new Map();
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (parentElement === null || !/\\p{Script=Han}/u.test(data)) continue;
    const { fontFamily, fontWeight } = getComputedStyle(parentElement);
    const font = fontWeight + " 24px " + fontFamily;
    if (!boxes.has(font)) boxes.set(font, draw("\\u{e123}", font));
    for (const character of data) {
      if (!/\\p{Script=Han}/u.test(character) || seen.has(font + character)) continue;
      seen.add(font + character);
      if (draw(character, font) === boxes.get(font)) missing.add(character);
    }
  }
  return [...missing];
})()`;

async function missingGlyphs(page: Page): Promise<readonly string[]> {
  const missing = (await page.evaluate(findMissing)) as readonly string[];
  return missing.map((character) => `${character} has no glyph`);
}

type Violation = {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
};

async function barriers(page: Page): Promise<readonly string[]> {
  // In an isolated world of its own, since the page's policy lets nothing in.
  await page.evaluate(`${axe}; undefined`);
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    readonly violations: readonly Violation[];
  };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join()} ${node.failureSummary}`).join("; ")}`);
}
