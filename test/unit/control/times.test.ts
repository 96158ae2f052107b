// How long ago, on pages.
import { expect, test } from "vitest";
import { ago, inWords } from "../../../src/control/web/times.js";
import { en } from "../../../src/control/web/texts/en.js";
import { zh } from "../../../src/control/web/texts/zh.js";

const at = "2026-01-02T03:04:05Z";
const after = (minutes: number): number => Date.parse(at) + minutes * 60_000;
const textOf = (markup: unknown): string => String(markup).replaceAll(/<[^>]*>/g, "");

test.each([
  [0, "less than a minute ago", "不到 1 分钟前"],
  [5, "5 minutes ago", "5 分钟前"],
  [150, "2 hours ago", "2 小时前"],
  [1500, "yesterday", "昨天"],
])("%i minutes later", (minutes, english, chinese) => {
  expect(textOf(ago(en, at, after(minutes)))).toBe(english);
  expect(textOf(ago(zh, at, after(minutes)))).toBe(chinese);
});

test("the zone stays with the time it is of, however lines break", () => {
  expect(inWords(en, at)).toBe("2 Jan 2026, 03:04\u00a0UTC");
});
