// Hints say again what was said by flags.
import { expect, test } from "vitest";
import { repeatFlags } from "../../../src/cli/repeat-flags.js";
import { JitnodeError } from "../../../src/protocol/errors.js";

const flags = { server: "https://control.example.com", org: "acme" };
const hintOf = (hint: string, given: { server: string | undefined; org: string | undefined } = flags): string =>
  repeatFlags(new JitnodeError("sign_in_needed", { hint }), given).hint;

test.each([
  ["Run `jitnode login` again.", "Run `jitnode login --server https://control.example.com` again."],
  ["See `jitnode org list`.", "See `jitnode org list --server https://control.example.com`."],
  ["`jitnode org code refresh`", "`jitnode org code refresh --server https://control.example.com --org acme`"],
  // These are for the node's own terminal, which needs no flags.
  ["Run `jitnode activate` or look at `jitnode status`.", "Run `jitnode activate` or look at `jitnode status`."],
])("%s", (hint, told) => {
  expect(hintOf(hint)).toBe(told);
});

test("without flags nothing is added, and what a shell would not take as it stands is only alluded to", () => {
  expect(hintOf("Run `jitnode login`.", { server: undefined, org: undefined })).toBe("Run `jitnode login`.");
  const hint = hintOf("See `jitnode org nodes`.", { server: undefined, org: "a; rm -rf ~" });
  expect(hint).toBe("See `jitnode org nodes --org …`.");
});

test("everything else of the error stays", () => {
  const cause = new Error("why");
  const error = new JitnodeError("rate_limited", { message: "Too fast.", retryAfter: 3, log: { a: 1 }, cause });
  const { code, message, retryAfter, log } = repeatFlags(error, flags);
  expect([code, message, retryAfter, log, repeatFlags(error, flags).cause]).toEqual([
    "rate_limited",
    "Too fast.",
    3,
    { a: 1 },
    cause,
  ]);
});
