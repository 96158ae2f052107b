// The foreign OIDC issuer signs a person in who presses a button on its page, or sends them back refused.
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { startOidcIssuer, type OidcIssuer, type OidcIssuerOptions } from "../../emulators/oidc-issuer/oidc-issuer.js";
import { onEnd } from "../../support/cleanup.js";
import { callback, makePkce, members, postForm, withParameters } from "./authorization.js";

async function issuer(options: OidcIssuerOptions = {}): Promise<OidcIssuer> {
  const started = await startOidcIssuer({ redirectUris: [callback], ...options });
  onEnd(() => started.close());
  return started;
}

type Jar = Map<string, string>;

/** One request of a browser that keeps cookies, as redirects lead it; ends at the first page or outside the issuer. */
async function browse(
  jar: Jar,
  url: string,
  form?: Readonly<Record<string, string>>,
): Promise<{ url: URL; page: string }> {
  let [place, body] = [new URL(url), form === undefined ? undefined : new URLSearchParams(form)];
  for (;;) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const init = body === undefined ? {} : { method: "POST", body };
    const response = await fetch(place, { ...init, headers: { cookie }, redirect: "manual" });
    for (const header of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) return { url: place, page: await response.text() };
    [place, body] = [new URL(location, place), undefined];
    if (place.href.startsWith(callback)) return { url: place, page: "" };
  }
}

const authorizeUrl = (op: OidcIssuer, challenge: string): string =>
  withParameters(`${op.url}/auth`, {
    client_id: op.client.id,
    redirect_uri: callback,
    response_type: "code",
    scope: "openid profile email",
    state: "state-1",
    nonce: "nonce-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });

describe("the foreign issuer", () => {
  test("signs in on its page, gives a code for an ID token; the name is in UserInfo alone", async () => {
    const op = await issuer();
    const { verifier, challenge } = makePkce();
    const jar: Jar = new Map();
    const shown = await browse(jar, authorizeUrl(op, challenge));
    expect(shown.page).toContain("Sign in as Noor Example");
    const back = await browse(jar, shown.url.href, { person: "noor-7" });
    expect(back.url.searchParams.get("iss")).toBe(op.issuer);
    const basic = [op.client.id, op.client.secret]
      .map((part) => encodeURIComponent(part).replaceAll("%20", "+"))
      .join(":");
    const token = await members(
      await postForm(
        `${op.url}/token`,
        {
          grant_type: "authorization_code",
          code: back.url.searchParams.get("code") ?? "",
          redirect_uri: callback,
          code_verifier: verifier,
        },
        { authorization: `Basic ${Buffer.from(basic).toString("base64")}` },
      ),
    );
    const claims = decodeJwt(String(token["id_token"]));
    expect(claims).toMatchObject({ iss: op.issuer, sub: "noor-7", nonce: "nonce-1" });
    expect(claims).not.toHaveProperty("name");
    const headers = { authorization: `Bearer ${String(token["access_token"])}` };
    expect(await members(await fetch(`${op.url}/me`, { headers }))).toMatchObject({
      sub: "noor-7",
      name: "Noor Example",
      email: "noor@example.org",
    });
  });

  test("sends a person who cancels back with access_denied", async () => {
    const op = await issuer();
    const jar: Jar = new Map();
    const shown = await browse(jar, authorizeUrl(op, makePkce().challenge));
    const back = await browse(jar, shown.url.href, { decision: "cancel" });
    expect([back.url.searchParams.get("error"), back.url.searchParams.get("state")]).toEqual([
      "access_denied",
      "state-1",
    ]);
  });

  test("can have a slash at the end of its name", async () => {
    const op = await issuer({ trailingSlash: true });
    const found = await members(await fetch(`${op.url}/.well-known/openid-configuration`));
    expect([op.issuer.endsWith("/"), found["issuer"]]).toEqual([true, op.issuer]);
  });

  test("its endpoints fail as any server's: by path", async () => {
    const op = await issuer();
    op.faults.set("/.well-known/openid-configuration", "html");
    const found = await fetch(`${op.url}/.well-known/openid-configuration`);
    expect(found.headers.get("content-type")).toMatch("text/html");
  });
});
