// Whose address counts: a proxy is believed where it is trusted, and a client never.
import { request } from "node:http";
import { expect, test } from "vitest";
import { generateKeyPair } from "../../../src/identity/keys.js";
import { signProof } from "../../../src/identity/proofs.js";
import { textOf } from "./caller.js";
import { createFirstPerson } from "./person.js";
import { startSite, type Site } from "./site.js";

type Way = {
  readonly to: string;
  /** The address this request comes from. */
  readonly from: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A node asks; what it is told. */
function ask(site: Site, { to, from, headers }: Way): Promise<Readonly<Record<string, unknown>>> {
  const path = "/oauth/device_authorization";
  const proof = signProof(generateKeyPair(), {
    method: "POST",
    url: site.url + path,
    issuedAt: Math.floor(Date.now() / 1000),
    jti: crypto.randomUUID(),
  });
  const form = new URLSearchParams({ client_id: "jitnode-node", node_name: "n", node_version: "1", node_os: "x" });
  return new Promise((resolve, reject) => {
    const common = { dpop: proof, "content-type": "application/x-www-form-urlencoded" };
    const options = { method: "POST", localAddress: from, agent: false, headers: { ...common, ...headers } } as const;
    const call = request(to + path, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve(JSON.parse(text) as Record<string, unknown>)).on("error", reject);
    });
    call.on("error", reject);
    call.end(form.toString());
  });
}

test("X-Forwarded-For counts as far as trusted proxies have written it; other headers change no URL", async () => {
  const site = await startSite("sqlite", { scope: "test", signup: "open" });
  const ada = await createFirstPerson(site, "ada");
  const direct = site.controls[0]?.url ?? "";
  const seen = async (way: Way): Promise<unknown> => {
    const asked = await ask(site, way);
    expect(asked["verification_uri"]).toBe(`${site.url}/activate`);
    return (await ada.terminal.get(`/v1/activations/${textOf(asked, "user_code")}`)).body["address"];
  };
  const claim = { "x-forwarded-for": "198.51.100.7" };
  const more = {
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    forwarded: "for=1.2.3.4",
  };
  expect(await seen({ to: site.url, from: "127.0.0.2" })).toBe("127.0.0.2");
  expect(await seen({ to: site.url, from: "127.0.0.2", headers: { ...claim, ...more } })).toBe("127.0.0.2");
  expect(await seen({ to: site.url, from: "127.0.0.1", headers: claim })).toBe("198.51.100.7");
  expect(await seen({ to: direct, from: "127.0.0.2", headers: { ...claim, ...more } })).toBe("127.0.0.2");
  const odd = { "x-forwarded-for": "<script>, 2001:DB8::1%eth0" };
  expect(await seen({ to: direct, from: "127.0.0.1", headers: odd })).toBe("2001:db8::1");
});

test("where no proxy is trusted, nobody's word counts: limits cannot be walked around", async () => {
  const site = await startSite("sqlite", { scope: "test", signup: "open", trustedProxies: "192.0.2.1" });
  for (let sent = 0; sent < 60; sent += 1) {
    const headers = { "x-forwarded-for": `198.51.100.${String(sent)}` };
    expect(await ask(site, { to: site.url, from: "127.0.0.2", headers })).toHaveProperty("user_code");
  }
  const headers = { "x-forwarded-for": "203.0.113.9" };
  const refused = await ask(site, { to: site.url, from: "127.0.0.2", headers });
  expect(refused).toMatchObject({ error: "temporarily_unavailable" });
});
