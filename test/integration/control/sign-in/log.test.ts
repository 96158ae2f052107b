import { expect, it } from "vitest";
import { createBrowserSessions } from "../../../../src/control/services/browser-sessions.js";
import { createSignIns } from "../../../../src/control/services/sign-ins.js";
import { createProviderHttp } from "../../../../src/control/sign-in/http.js";
import { createHttpClient } from "../../../../src/platform/http-client.js";
import type { Log } from "../../../../src/platform/log.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada } from "../../../emulators/google/people.js";
import type { TokenFault } from "../../../emulators/openid/id-tokens.js";
import { startWeChat } from "../../../emulators/wechat/wechat.js";
import { xiaolin } from "../../../emulators/wechat/people.js";
import { onEnd } from "../../../support/cleanup.js";
import { callbackOf, createProviderSite } from "./journey.js";

it("says why a sign-in failed, and neither code nor token, secret nor state", async () => {
  const site = await createProviderSite(async (url) => ({
    GOOGLE: await startGoogle({ redirectUris: [callbackOf(url, "google")] }),
    GITHUB: await startGitHub({ callback: callbackOf(url, "github") }),
    WECHAT: await startWeChat(),
  }));
  const { GOOGLE, GITHUB, WECHAT } = site.at;
  const lines: string[] = [];
  const write = (event: string, fields?: unknown) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { ...site.context.log, debug: write, info: write, warn: write, error: write };
  const client = createHttpClient();
  onEnd(() => client.close());
  const sessions = createBrowserSessions(site.context);
  const signIns = createSignIns({ ...site.context, log }, { http: createProviderHttp(client), sessions });
  const browser = "b".repeat(43);
  const visitor = { address: "192.0.2.7", agent: "" };
  const wish = { linkTo: undefined, link: undefined, target: undefined };
  const secrets: string[] = [GOOGLE.client.secret, GITHUB.client.secret, WECHAT.client.secret, browser];

  const attempt = async (name: string, at: typeof GOOGLE | typeof GITHUB | typeof WECHAT, person: string) => {
    const { url } = await signIns.start(name, wish, browser, visitor);
    const { location } = await at.decide(url, person);
    if (location === undefined) throw new Error("the provider kept the browser");
    secrets.push(...["code", "state"].map((part) => location.searchParams.get(part) ?? ""));
    await expect(signIns.answer(name, location.searchParams, browser, visitor, undefined)).rejects.toThrow();
  };
  for (const fault of [
    "wrong-issuer",
    "wrong-nonce",
    "wrong-signature",
    "alg-none",
    "garbage",
    "none",
  ] satisfies TokenFault[]) {
    GOOGLE.quirks.token = fault;
    await attempt("google", GOOGLE, ada().sub);
  }
  for (const fault of ["html", "redirect", "reset", "error", "huge", "half", "gzip"] as const) {
    GITHUB.faults.set("user", fault);
    await attempt("github", GITHUB, "lin-wei");
    WECHAT.faults.set("token", fault);
    await attempt("wechat", WECHAT, xiaolin().openid);
  }
  expect(lines).toHaveLength(20);
  for (const line of lines) expect(line).toMatch(/"provider":"[a-z]+","code":"sign_in_provider_[a-z]+","reason":".+"/);
  const tokens = [...GITHUB.tokens()];
  expect(tokens.length).toBeGreaterThan(0);
  for (const secret of [...secrets, ...tokens]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(lines.join("\n")).not.toContain(secret);
  }
  expect(lines.join("\n")).not.toMatch(/eyJ/);
  expect(site.context.metrics.render()).toContain(
    'provider_sign_ins_total{provider="google",result="sign_in_provider_failed"} 6',
  );
});
