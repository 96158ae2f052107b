// Sign-in providers as whoever runs the control plane meets them: a wrong setting at the start, and the check.
import { expect, test } from "vitest";
import { startGoogle } from "../emulators/google/google.js";
import { onEnd } from "../support/cleanup.js";
import { runControl } from "../support/programs.js";

test("a setting that is not known stops the start, with its name", async () => {
  const env = { JITNODE_CONTROL_SIGNIN_GOOGLE_TYPE: "google", JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENTID: "id" };
  const { code, stderr } = await runControl(["serve"], { env });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENTID is not a setting: expected .* \(setting_invalid\)\n.+\n$/,
  );
});

test("sign-in check needs nothing but the settings, exits 0 or 1, and prints no secret", async () => {
  const google = await startGoogle();
  onEnd(() => google.close());
  const env = google.settings("GOOGLE");
  const right = await runControl(["sign-in", "check"], { env });
  expect([right.code, right.stderr]).toEqual([0, ""]);
  expect(right.stdout).toContain("  ok     client ID and secret are accepted\n");
  google.client.secret = "another";
  const wrong = await runControl(["sign-in", "check", "google"], { env });
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toContain("console.cloud.google.com");
  expect(wrong.stdout + wrong.stderr).not.toContain(env["JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET"]);
});
