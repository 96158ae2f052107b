import { describe, expect, it } from "vitest";
import type { Fault } from "../../../emulators/common/server.js";
import { startEntra } from "../../../emulators/entra/entra.js";
import { adele, mallory } from "../../../emulators/entra/people.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { noor, startOidcIssuer } from "../../../emulators/oidc-issuer/oidc-issuer.js";
import { nobody, xiaolin } from "../../../emulators/wechat/people.js";
import { startWeChat } from "../../../emulators/wechat/wechat.js";
import { begin, callbackOf, codeOf, createProviderSite, decide, signIn } from "./journey.js";

const faults: Readonly<Partial<Record<Fault, string>>> = {
  error: "sign_in_provider_unreachable",
  reset: "sign_in_provider_unreachable",
  gzip: "sign_in_provider_failed",
  half: "sign_in_provider_unreachable",
  html: "sign_in_provider_failed",
  huge: "sign_in_provider_failed",
  redirect: "sign_in_provider_failed",
};

describe("GitHub", () => {
  const start = async (url: string) => ({ GITHUB: await startGitHub({ callback: callbackOf(url, "github") }) });

  it("reads errors that come with status 200, and uses no code twice", async () => {
    const site = await createProviderSite(start);
    const { GITHUB } = site.at;
    const browser = site.open();
    const callback = await decide(GITHUB, await begin(browser, "github"), "lin-wei");
    expect((await browser.get(callback)).path).toBe("/");
    browser.cookies.delete("jitnode");
    const second = new URL(await begin(browser, "github")).searchParams.get("state") ?? "";
    const replayed = await browser.get(callback.replace(/state=[^&]+/, `state=${second}`));
    expect([replayed.status, codeOf(replayed)]).toEqual([400, "sign_in_attempt_invalid"]);

    GITHUB.client.secret = "changed";
    const page = await signIn(site.open(), "github", GITHUB, "lin-wei");
    expect(codeOf(page)).toBe("sign_in_provider_failed");
  });

  it("takes fewer scopes than it asked for", async () => {
    const site = await createProviderSite(start);
    Object.assign(site.at.GITHUB.people[0] ?? {}, { grants: [] });
    expect((await signIn(site.open(), "github", site.at.GITHUB, "lin-wei")).path).toBe("/");
  });

  it("tells apart what is down from what is not to be believed", async () => {
    const site = await createProviderSite(start);
    const { GITHUB } = site.at;
    for (const endpoint of ["token", "user"]) {
      for (const [fault, code] of Object.entries(faults)) {
        GITHUB.faults.clear();
        const browser = site.open();
        const callback = await decide(GITHUB, await begin(browser, "github"), "lin-wei");
        GITHUB.faults.set(endpoint, fault as Fault);
        expect(codeOf(await browser.get(callback)), `${endpoint} ${fault}`).toBe(code);
      }
    }
    GITHUB.faults.clear();
    GITHUB.limits.requestsPerHour = 0;
    expect(codeOf(await signIn(site.open(), "github", GITHUB, "lin-wei"))).toBe("sign_in_provider_failed");
  });
});

describe("WeChat", () => {
  const start = async () => ({ WECHAT: await startWeChat() });

  it("refuses somebody without a unionid rather than call them by another id on another day", async () => {
    const site = await createProviderSite(start);
    const { WECHAT } = site.at;
    const page = await signIn(site.open(), "wechat", WECHAT, nobody().openid);
    expect([page.status, codeOf(page)]).toEqual([403, "sign_in_not_permitted"]);
    expect(page.text).toContain("unionid");
    await signIn(site.open(), "wechat", WECHAT, xiaolin().openid);
    WECHAT.quirks.unionid = false;
    expect(codeOf(await signIn(site.open(), "wechat", WECHAT, xiaolin().openid))).toBe("sign_in_not_permitted");
    expect(await site.context.store.db.selectFrom("accounts").select("name").execute()).toHaveLength(1);
  });

  it("takes a callback without a code for a refusal", async () => {
    const site = await createProviderSite(start);
    site.at.WECHAT.quirks.declining = "state-only";
    expect(codeOf(await signIn(site.open(), "wechat", site.at.WECHAT, "cancel"))).toBe("sign_in_declined");
  });

  it("reads errcode, whatever the status says", async () => {
    const site = await createProviderSite(start);
    const { WECHAT } = site.at;
    const codes = {
      [-1]: "sign_in_provider_unreachable",
      45011: "sign_in_provider_unreachable",
      40029: "sign_in_attempt_invalid",
      40163: "sign_in_attempt_invalid",
      40125: "sign_in_provider_failed",
      42001: "sign_in_provider_failed",
    };
    for (const endpoint of ["token", "userinfo"] as const) {
      for (const [errcode, code] of Object.entries(codes)) {
        WECHAT.quirks.errcode = { [endpoint]: Number(errcode) };
        const page = await signIn(site.open(), "wechat", WECHAT, xiaolin().openid);
        expect(codeOf(page), `${endpoint} ${errcode}`).toBe(code);
      }
    }
    WECHAT.quirks.errcode = {};
    for (const endpoint of ["token", "userinfo"]) {
      for (const [fault, code] of Object.entries(faults)) {
        WECHAT.faults.clear();
        const browser = site.open();
        const callback = await decide(WECHAT, await begin(browser, "wechat"), xiaolin().openid);
        WECHAT.faults.set(endpoint, fault as Fault);
        expect(codeOf(await browser.get(callback)), `${endpoint} ${fault}`).toBe(code);
      }
    }
  });
});

describe("Microsoft Entra", () => {
  const start = async (url: string) => ({ ENTRA: await startEntra({ redirectUris: [callbackOf(url, "entra")] }) });

  it("refuses people of other tenants, also where the application takes them, and tokens that lie about it", async () => {
    const site = await createProviderSite(start);
    const { ENTRA } = site.at;
    ENTRA.quirks.multiTenant = true;
    // The issuer is the other tenant's.
    expect(codeOf(await signIn(site.open(), "entra", ENTRA, mallory().oid))).toBe("sign_in_provider_failed");
    ENTRA.quirks.claims = { iss: ENTRA.issuer };
    expect(codeOf(await signIn(site.open(), "entra", ENTRA, mallory().oid))).toBe("sign_in_not_permitted");
    ENTRA.quirks.claims = { oid: undefined };
    expect(codeOf(await signIn(site.open(), "entra", ENTRA, adele().oid))).toBe("sign_in_provider_failed");
    ENTRA.quirks.claims = {};
    expect(codeOf(await signIn(site.open(), "entra", ENTRA, "cancel"))).toBe("sign_in_declined");
    expect((await signIn(site.open(), "entra", ENTRA, adele().oid)).path).toBe("/");
  });
});

describe("any OIDC issuer", () => {
  /** A person at oidc-provider, which keeps cookies and redirects more than once. */
  async function decideAt(place: string, person: string) {
    const cookies = new Map<string, string>();
    let url = new URL(place);
    let body: URLSearchParams | undefined;
    for (;;) {
      const response = await fetch(url, {
        redirect: "manual",
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(body === undefined ? {} : { method: "POST", body }),
      });
      for (const header of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get("location");
      const page = await response.text();
      body = location === null && body === undefined ? new URLSearchParams({ person }) : undefined;
      if (location === null && body === undefined) return { status: response.status, location: undefined, page };
      if (location === null) continue;
      const next = new URL(location, url);
      if (next.origin !== url.origin) return { status: response.status, location: next, page };
      url = next;
    }
  }

  for (const trailingSlash of [false, true]) {
    for (const conformClaims of [false, true]) {
      const kind = `${trailingSlash ? "with" : "without"} a slash, claims in ${conformClaims ? "UserInfo" : "the token"}`;
      it(`signs in at somebody else's server, ${kind}`, async () => {
        const site = await createProviderSite(
          async (url) => {
            const redirectUris = [callbackOf(url, "home")];
            const options = {
              redirectUris,
              trailingSlash,
              conformClaims,
              people: [{ ...noor(), name: "Noor", email_verified: true }],
            };
            return { HOME: { ...(await startOidcIssuer(options)), decide: decideAt } };
          },
          { environment: { JITNODE_CONTROL_SIGNIN_HOME_ALLOWED_DOMAINS: "example.org" } },
        );
        const page = await signIn(site.open(), "home", site.at.HOME, noor().sub);
        expect([page.path, page.heading]).toEqual(["/", "Hello, Noor"]);
        const rows = await site.context.store.db.selectFrom("identities").select(["issuer", "subject"]).execute();
        expect(rows).toEqual([{ issuer: site.at.HOME.issuer, subject: noor().sub }]);
      });
    }
  }

  it("admits verified addresses of the allowed domains only", async () => {
    const people = [
      { sub: "a", name: "A", email: "a@example.org", email_verified: false },
      { sub: "b", name: "B", email: "b@example.org.evil.example", email_verified: true },
      { sub: "c", name: "C" },
      { sub: "d", name: "D", email: "d@EXAMPLE.org", email_verified: true },
    ];
    const site = await createProviderSite(
      async (url) => {
        const issuer = await startOidcIssuer({
          redirectUris: [callbackOf(url, "home")],
          people,
          clientAuthentication: "client_secret_post",
        });
        return { HOME: { ...issuer, decide: decideAt } };
      },
      { environment: { JITNODE_CONTROL_SIGNIN_HOME_ALLOWED_DOMAINS: "example.org" } },
    );
    for (const { sub } of people.slice(0, 3)) {
      expect(codeOf(await signIn(site.open(), "home", site.at.HOME, sub)), sub).toBe("sign_in_not_permitted");
    }
    expect((await signIn(site.open(), "home", site.at.HOME, "d")).heading).toBe("Hello, D");
  });
});
