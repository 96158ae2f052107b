// Names and claims: what people and nodes may call themselves, and what a terminal is shown of it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeForTerminal } from "../../../src/domain/escape.js";
import { asClaim, asName } from "../../../src/domain/names.js";

describe("a name", () => {
  it("is trimmed and in NFC", () => {
    expect(asName("  Cafe\u0301 ")).toBe("Café");
    expect(asName("节点 一号")).toBe("节点 一号");
    expect(asName("👩‍🚀")).toBe("👩‍🚀");
  });

  it("has 1 to 80 code points and at most 320 bytes", () => {
    expect(asName("a".repeat(80))).toBeDefined();
    expect(asName("a".repeat(81))).toBeUndefined();
    expect(asName("𝔸".repeat(80))).toBeDefined();
    expect(asName("𝔸".repeat(81))).toBeUndefined();
    expect(asName("a".repeat(10_000_000))).toBeUndefined();
    for (const empty of ["", "   ", "\u200d", "\u200b\u200b", "\u3164", "\u115f \u2800"])
      expect(asName(empty)).toBeUndefined();
  });

  it("has no control, direction or line-separating characters", () => {
    for (const bad of [
      "a\nb",
      "a\u0000b",
      "a\u001b[31mb",
      "a\u202eb",
      "a\u2066b",
      "a\u2028b",
      "a\u2029b",
      "a\u009bb",
      "\ud800",
    ]) {
      expect(asName(bad)).toBeUndefined();
    }
  });

  it("stays the same when read again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (text) => {
        const name = asName(text);
        if (name !== undefined) expect(asName(name)).toBe(name);
      }),
    );
  });
});

describe("a claim", () => {
  it("is at most 64 printable ASCII characters", () => {
    expect(asClaim("0.1.0 (linux)")).toBe("0.1.0 (linux)");
    for (const bad of ["", "ä", "a\tb", "\u001b", "a".repeat(65)]) expect(asClaim(bad)).toBeUndefined();
  });
});

describe("what a terminal is shown", () => {
  it("has no control or format character left", () => {
    expect(escapeForTerminal("a\u001b[2Jb\u202ec")).toBe("a\\u{1b}[2Jb\\u{202e}c");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeForTerminal(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
