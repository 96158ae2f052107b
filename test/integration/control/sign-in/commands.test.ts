import { describe, expect, it } from "vitest";
import { readControlConfig } from "../../../../src/control/config.js";
import { command as check } from "../../../../src/control/commands/sign-in-check.js";
import { command as rename } from "../../../../src/control/commands/sign-in-rename.js";
import type { CommandInput } from "../../../../src/control/commands/command.js";
import { createSettingsReader, type Environment } from "../../../../src/config/read.js";
import { startEntra } from "../../../emulators/entra/entra.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada } from "../../../emulators/google/people.js";
import { startOidcIssuer } from "../../../emulators/oidc-issuer/oidc-issuer.js";
import { startWeChat } from "../../../emulators/wechat/wechat.js";
import { onEnd } from "../../../support/cleanup.js";
import { auditActions, dialects } from "../../control-context.js";
import { callbackOf, createProviderSite, signIn } from "./journey.js";

const url = "http://127.0.0.1:7070";

type Given = Partial<CommandInput> & { readonly environment: Environment };

async function run(command: typeof check, given: Given) {
  const printed: string[] = [];
  const exit = await command.run({
    arguments: [],
    options: {},
    print: (line: string) => void printed.push(line),
    note: (line: string) => void printed.push(line),
    config: () => readControlConfig(createSettingsReader(given.environment), "/nonexistent"),
    ...given,
  } as CommandInput);
  return { exit: exit ?? 0, text: printed.join("\n") };
}

async function emulators() {
  const google = await startGoogle({ redirectUris: [callbackOf(url, "google")] });
  const github = await startGitHub({ callback: callbackOf(url, "github") });
  const wechat = await startWeChat();
  const entra = await startEntra({ redirectUris: [callbackOf(url, "entra")] });
  const home = await startOidcIssuer({ redirectUris: [callbackOf(url, "home")] });
  for (const each of [google, github, wechat, entra, home]) onEnd(() => each.close());
  const environment = {
    ...google.settings("GOOGLE"),
    ...github.settings("GITHUB"),
    ...wechat.settings("WECHAT"),
    ...entra.settings("ENTRA"),
    ...home.settings("HOME"),
  };
  return { google, github, wechat, entra, home, environment };
}

describe("jitnode-control sign-in check", () => {
  it("finds nothing wrong where nothing is, for every provider, and shows each callback URL", async () => {
    const { environment } = await emulators();
    const { exit, text } = await run(check, { environment });
    expect(text).not.toMatch(/wrong/);
    expect(exit).toBe(0);
    expect(text.match(/accepted$/gm)).toHaveLength(5);
    expect(text.match(/the clocks agree/g)).toHaveLength(5);
    for (const name of ["google", "github", "wechat", "entra", "home"]) {
      expect(text).toContain(`${url}/auth/callback/${name}`);
    }
  });

  it("says what is wrong and where in that provider's console it is mended", async () => {
    const { environment, google, github, wechat, entra } = await emulators();
    const wrongSecrets = {
      ...environment,
      JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET: "wrong",
      JITNODE_CONTROL_SIGNIN_GITHUB_CLIENT_SECRET: "wrong",
      JITNODE_CONTROL_SIGNIN_WECHAT_CLIENT_SECRET: "wrong",
      JITNODE_CONTROL_SIGNIN_ENTRA_CLIENT_SECRET: "wrong",
      JITNODE_CONTROL_SIGNIN_HOME_CLIENT_SECRET: "wrong",
    };
    const secrets = await run(check, { environment: wrongSecrets });
    expect(secrets.exit).toBe(1);
    for (const console of ["console.cloud.google.com", "OAuth Apps", "open.weixin.qq.com", "entra.microsoft.com"]) {
      expect(secrets.text).toMatch(new RegExp(`wrong .*not accepted.*\n +→ .*${console.replaceAll(".", "\\.")}`));
    }
    expect(secrets.text).not.toContain(google.client.secret);

    github.faults.set("token", "html");
    expect((await run(check, { environment, arguments: ["GITHUB"] })).text).toContain("answered with a web page");
    google.faults.set("discovery", "html");
    expect((await run(check, { environment, arguments: ["google"] })).text).toContain("answered with a web page");
    google.faults.set("discovery", "gzip");
    expect((await run(check, { environment, arguments: ["google"] })).text).toContain("in the coding gzip");
    google.faults.clear();
    google.faults.set("keys", "error");
    expect((await run(check, { environment, arguments: ["google"] })).text).toContain("status 500");

    await wechat.stop();
    const down = await run(check, { environment, arguments: ["wechat"] });
    expect([down.exit, down.text]).toEqual([1, expect.stringContaining("cannot be reached")]);

    const environmentOfOther = { ...environment, JITNODE_CONTROL_SIGNIN_ENTRA_TENANT: entra.tenants[1]?.id ?? "" };
    const unknown = { ...environment, JITNODE_CONTROL_SIGNIN_ENTRA_TENANT: "00000000-0000-4000-8000-000000000000" };
    expect((await run(check, { environment: environmentOfOther, arguments: ["entra"] })).exit).toBe(0);
    expect((await run(check, { environment: unknown, arguments: ["entra"] })).text).toMatch(/wrong .*status 400/);
  });

  it("shows both issuers where they differ", async () => {
    const { environment, home } = await emulators();
    const slashed = { ...environment, JITNODE_CONTROL_SIGNIN_HOME_ISSUER: `${home.issuer}/` };
    const { exit, text } = await run(check, { environment: slashed, arguments: ["home"] });
    expect(exit).toBe(1);
    expect(text).toContain(`"${home.issuer}/"`);
    expect(text).toContain(`"${home.issuer}"`);
  });

  it("prints JSON, refuses names that are not set up, and a public URL without TLS", async () => {
    const { environment } = await emulators();
    const json = await run(check, { environment, arguments: ["home"], options: { json: true } });
    expect(JSON.parse(json.text)).toMatchObject({
      providers: [{ name: "home", type: "oidc", findings: [{ kind: "right" }, {}, {}, {}, { kind: "unknown" }] }],
    });
    await expect(run(check, { environment, arguments: ["gogle"] })).rejects.toMatchObject({
      code: "sign_in_provider_unknown",
      hint: "There are: google, github, wechat, entra, home.",
    });
    const open = { ...environment, JITNODE_CONTROL_PUBLIC_URL: "http://control.example.com" };
    expect((await run(check, { environment: open, arguments: ["home"] })).text).toContain("is not https");
    expect((await run(check, { environment: {} })).text).toContain("local accounts");
  });
});

describe.each(dialects)("jitnode-control sign-in rename, on %s", (dialect) => {
  const start = async (site: string) => ({
    GOOGLE: await startGoogle({ redirectUris: [callbackOf(site, "google"), callbackOf(site, "work")] }),
  });

  it("moves everybody to the new name, once, and nobody onto somebody else", async () => {
    const site = await createProviderSite(start, { dialect });
    const { GOOGLE } = site.at;
    await signIn(site.open(), "google", GOOGLE, ada().sub);
    const context = async () => site.context;
    const input = { environment: {}, context, arguments: ["GOOGLE", "work"] };
    const done = await run(rename, input);
    expect(done.text).toContain("1 way of signing in moved from google to work");
    expect(done.text).toContain("/auth/callback/work");
    await expect(run(rename, input)).rejects.toMatchObject({ code: "identity_not_found" });
    expect(await auditActions(site.context)).toContain("identity.renamed");

    // Ada signs in under the old name again, and has two accounts; now one cannot become the other.
    await signIn(site.open(), "google", GOOGLE, ada().sub);
    await expect(run(rename, input)).rejects.toMatchObject({ code: "sign_in_name_taken" });
    const rows = await site.context.store.db
      .selectFrom("identities")
      .select("provider")
      .orderBy("created_at")
      .execute();
    expect(rows.map(({ provider }) => provider)).toEqual(["work", "google"]);
    // Grace comes by another issuer of that name: the two could not be told apart again.
    await site.context.store.db
      .updateTable("identities")
      .set({ issuer: "https://other.test", subject: "grace" })
      .where("provider", "=", "google")
      .execute();
    await expect(run(rename, input)).rejects.toMatchObject({
      code: "sign_in_name_taken",
      message: "People of another provider sign in under the name work.",
    });
    for (const names of [
      ["local", "work"],
      ["google", "wo_rk"],
      ["google", "LOCAL"],
    ]) {
      await expect(run(rename, { ...input, arguments: names })).rejects.toMatchObject({ code: "usage" });
    }
  });
});
