import { expect, test } from "vitest";
import { closest } from "../../../src/domain/closest.js";

test("only near words are suggested", () => {
  expect(closest("lgoin", ["login", "logout"])).toBe("login");
  expect(closest("stat", ["status", "wait"])).toBe("status");
  expect(closest("banana", ["login", "logout"])).toBeUndefined();
  expect(closest("x".repeat(10_000), ["login"])).toBeUndefined();
});
