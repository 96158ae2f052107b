// User codes and binding codes: how they are typed, shown, and how slips are found.

import { randomInt } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asBindingCode,
  asUserCode,
  codeAlphabet,
  createBindingCode,
  createNumber,
  createUserCode,
  formatCode,
  resemblesBindingCode,
} from "../../../src/domain/codes.js";

const below = (limit: number) => randomInt(limit);

describe("a user code", () => {
  it("is read in any case, with spaces and dashes", () => {
    for (const typed of ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB–MJHT", "w-d-j-b-m-j-h-t"]) {
      expect(asUserCode(typed)).toBe("WDJBMJHT");
    }
  });

  it("is refused with other letters or another length", () => {
    for (const typed of [
      "",
      "WDJB-MJH",
      "WDJB-MJHTT",
      "WDJB-MJHA",
      "WDJB_MJHT",
      "WDJB-MJH\u0000",
      "x".repeat(10_000),
    ]) {
      expect(asUserCode(typed)).toBeUndefined();
    }
  });

  it("is shown in two groups of four", () => {
    const code = createUserCode(below);
    expect(formatCode(code)).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(asUserCode(formatCode(code))).toBe(code);
  });
});

describe("a binding code", () => {
  it("is shown as XXXX-XXXX-XXXX-X and read back", () => {
    const code = createBindingCode(below);
    expect(formatCode(code)).toMatch(/^(\w{4}-){3}\w$/);
    expect(asBindingCode(formatCode(code).toLowerCase())).toBe(code);
  });

  it("differs in its check letter from every code with one other letter", () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(codeAlphabet.length - 1), (place, letter) => {
        const code = createBindingCode(below);
        const other = code.slice(0, place) + codeAlphabet.charAt(letter) + code.slice(place + 1);
        expect(asBindingCode(other)).toBe(other === code ? code : undefined);
      }),
    );
  });

  it("tells most swaps of neighbours", () => {
    let told = 0;
    let swaps = 0;
    for (let run = 0; run < 500; run += 1) {
      const code = createBindingCode(below);
      const place = below(12);
      const swapped = code.slice(0, place) + code.charAt(place + 1) + code.charAt(place) + code.slice(place + 2);
      if (swapped === code) continue;
      swaps += 1;
      if (asBindingCode(swapped) === undefined) told += 1;
    }
    expect(told / swaps).toBeGreaterThan(0.9);
  });
});

describe("what is not to be repeated", () => {
  const typed = "BCDF-GHJK-LMNP-Q";

  it.each([
    ["the code", typed],
    ["without its check letter, which can be computed", "bcdf ghjk lmnp"],
    ["a letter missing", "BCDF-GHJK-LMN"],
    ["two letters too many", "BBCDF-GHJK-LMNP-QQ"],
    ["two letters that no code has", "0CDF-GHJK-LMNP-A"],
  ])("%s: %s", (_what, text) => expect(resemblesBindingCode(text)).toBe(true));

  it.each([
    "",
    "BCDF-GHJK",
    "activations",
    "code refresh",
    "build-server-7",
    "JN_8f3kQ2mZ7pVbT4sW",
    "x".repeat(10_000),
  ])("not %j", (text) => expect(resemblesBindingCode(text)).toBe(false));
});

describe("a number", () => {
  it("has two digits", () => {
    expect(createNumber(() => 7)).toBe("07");
    expect(createNumber(() => 99)).toBe("99");
  });
});
