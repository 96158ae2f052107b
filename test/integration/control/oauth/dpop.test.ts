// DPoP at /v1 (RFC 9449 sections 4.3 and 7): every claim wrong, one at a time, and what the answers say.
import { createHash, randomUUID, type KeyObject } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { addPerson, createTestContext } from "../../control-context.js";
import { bentJws, generateEcKey, serve, signIn, type Server, type Tokens } from "./client.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url");

describe("proofs", () => {
  let server: Server;
  let tokens: Tokens;
  beforeEach(async () => {
    server = await serve(await createTestContext("sqlite"));
    tokens = await signIn(server, (await addPerson(server.context)).accountId);
  });

  type Change = { readonly header?: object; readonly claims?: object; readonly signWith?: KeyObject };

  const proof = (change: Change = {}): string =>
    bentJws(
      { alg: "Ed25519", typ: "dpop+jwt", jwk: tokens.key.publicJwk, ...change.header },
      {
        jti: randomUUID(),
        htm: "GET",
        htu: "http://127.0.0.1:7070/v1/me",
        iat: Math.floor(server.context.clock.now() / 1000),
        nonce: server.nonce(),
        ath: sha256(tokens.accessToken),
        ...change.claims,
      },
      change.signWith ?? tokens.key.privateKey,
    );

  const send = async (headers: Record<string, string | string[]>, url = "/v1/me", method: "GET" | "DELETE" = "GET") => {
    const response = await server.app.inject({ method, url, headers });
    const body = response.payload === "" ? {} : (JSON.parse(response.payload) as Record<string, unknown>);
    return { status: response.statusCode, headers: response.headers, code: body["code"] };
  };
  const authorization = () => `DPoP ${tokens.accessToken}`;

  test("the right one is accepted, by either name of the algorithm", async () => {
    expect((await send({ authorization: authorization(), dpop: proof() })).status).toBe(200);
    const named = proof({ header: { alg: "EdDSA" } });
    expect((await send({ authorization: authorization(), dpop: named })).status).toBe(200);
  });

  test("htu is compared after normalisation, without query and fragment", async () => {
    for (const htu of [
      "HTTP://127.0.0.1:7070/v1/me",
      "http://127.0.0.1:7070/v1/../v1/me",
      "http://127.0.0.1:7070/v1/me?a=b#c",
    ]) {
      expect((await send({ authorization: authorization(), dpop: proof({ claims: { htu } }) })).status).toBe(200);
    }
  });

  const other = generateKeyPair();
  const ec = generateEcKey();
  const cases: readonly (readonly [string, () => Change])[] = [
    ["typ is another", () => ({ header: { typ: "JWT" } })],
    ["typ is missing", () => ({ header: { typ: undefined } })],
    ["alg is none", () => ({ header: { alg: "none" } })],
    ["alg is a MAC", () => ({ header: { alg: "HS256" } })],
    ["alg is RSA", () => ({ header: { alg: "RS256" } })],
    ["alg does not fit jwk", () => ({ header: { alg: "ES256" } })],
    ["jwk is missing", () => ({ header: { jwk: undefined } })],
    ["jwk holds a private key", () => ({ header: { jwk: { ...tokens.key.publicJwk, d: "AAAA" } } })],
    ["jwk holds a symmetric key", () => ({ header: { jwk: { kty: "oct", k: "AAAA" } } })],
    ["jwk is another key than the signature's", () => ({ header: { jwk: other.publicJwk } })],
    ["crit is there", () => ({ header: { crit: ["exp"], exp: 1 } })],
    ["the token is bound to another key", () => ({ header: { jwk: other.publicJwk }, signWith: other.privateKey })],
    [
      "the token is bound to another key (ES256)",
      () => ({ header: { alg: "ES256", jwk: ec.jwk }, signWith: ec.privateKey }),
    ],
    ["the signature is another key's", () => ({ signWith: other.privateKey })],
    ["htm is another method", () => ({ claims: { htm: "POST" } })],
    ["htm is in lower case", () => ({ claims: { htm: "get" } })],
    ["htm is missing", () => ({ claims: { htm: undefined } })],
    ["htu is another path", () => ({ claims: { htu: "http://127.0.0.1:7070/v1/orgs" } })],
    ["htu has a slash more", () => ({ claims: { htu: "http://127.0.0.1:7070/v1/me/" } })],
    ["htu is another host", () => ({ claims: { htu: "http://localhost:7070/v1/me" } })],
    ["htu is another port", () => ({ claims: { htu: "http://127.0.0.1/v1/me" } })],
    ["htu is another scheme", () => ({ claims: { htu: "https://127.0.0.1:7070/v1/me" } })],
    ["htu is no URL", () => ({ claims: { htu: "/v1/me" } })],
    ["jti is missing", () => ({ claims: { jti: undefined } })],
    ["jti is empty", () => ({ claims: { jti: "" } })],
    ["iat is missing", () => ({ claims: { iat: undefined } })],
    ["iat is a text", () => ({ claims: { iat: "now" } })],
    ["ath is missing", () => ({ claims: { ath: undefined } })],
    ["ath is another token's", () => ({ claims: { ath: sha256("another") } })],
    ["it is too long", () => ({ claims: { more: "x".repeat(4096) } })],
  ];
  test.each(cases)("refused: %s", async (_what, change) => {
    const answer = await send({ authorization: authorization(), dpop: proof(change()) });
    expect([answer.status, answer.code]).toEqual([401, "dpop_proof_invalid"]);
    expect(answer.headers["www-authenticate"]).toMatch(/^DPoP error="invalid_dpop_proof", algs="[^"]*ES256"$/);
  });

  test("refused: none, two, and what is no JWT", async () => {
    expect((await send({ authorization: authorization() })).code).toBe("dpop_proof_invalid");
    expect((await send({ authorization: authorization(), dpop: `${proof()}, ${proof()}` })).code).toBe(
      "dpop_proof_invalid",
    );
    expect((await send({ authorization: authorization(), dpop: "x" })).code).toBe("dpop_proof_invalid");
    expect((await send({ authorization: authorization(), dpop: "e30.e30.e30" })).code).toBe("dpop_proof_invalid");
  });

  test("without a nonce, with an old or an invented one, a fresh one is asked for, and given", async () => {
    const old = server.nonce();
    server.context.advance(120_000);
    for (const nonce of [undefined, old, "invented"]) {
      const answer = await send({ authorization: authorization(), dpop: proof({ claims: { nonce } }) });
      expect([answer.status, answer.code]).toEqual([401, "dpop_nonce_required"]);
      expect(answer.headers["www-authenticate"]).toMatch(/^DPoP error="use_dpop_nonce"/);
      const given = answer.headers["dpop-nonce"];
      expect((await send({ authorization: authorization(), dpop: proof({ claims: { nonce: given } }) })).status).toBe(
        200,
      );
    }
  });

  test("with a fresh nonce the clock of the client does not matter", async () => {
    for (const iat of [1, 4_000_000_000]) {
      expect((await send({ authorization: authorization(), dpop: proof({ claims: { iat } }) })).status).toBe(200);
    }
  });

  test("a nonce is good in its minute and the next, on every replica that has the key", async () => {
    const nonce = server.nonce();
    server.context.advance(59_000);
    expect((await send({ authorization: authorization(), dpop: proof({ claims: { nonce } }) })).status).toBe(200);
  });

  test("a proof that changes something works once; one that only reads may come again", async () => {
    const reading = proof();
    expect((await send({ authorization: authorization(), dpop: reading })).status).toBe(200);
    expect((await send({ authorization: authorization(), dpop: reading })).status).toBe(200);
    const path = "/v1/me/sessions/none";
    const changing = proof({ claims: { htm: "DELETE", htu: `http://127.0.0.1:7070${path}` } });
    expect((await send({ authorization: authorization(), dpop: changing }, path, "DELETE")).status).toBe(204);
    const again = await send({ authorization: authorization(), dpop: changing }, path, "DELETE");
    expect(again.code).toBe("dpop_proof_invalid");
  });

  test("a bound token sent as Bearer, in a cookie or in the address is no token", async () => {
    const bearer = await send({ authorization: `Bearer ${tokens.accessToken}`, dpop: proof() });
    expect([bearer.status, bearer.code]).toEqual([401, "sign_in_needed"]);
    expect((await send({ cookie: `token=${tokens.accessToken}`, dpop: proof() })).code).toBe("sign_in_needed");
    expect((await send({ dpop: proof() }, `/v1/me?access_token=${tokens.accessToken}`)).code).toBe("sign_in_needed");
  });

  test("without credentials the answer names the scheme and no error", async () => {
    const { status, headers } = await send({});
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe('DPoP algs="Ed25519 EdDSA ES256"');
  });

  test("an expired token and a changed one are refused as invalid", async () => {
    server.context.advance(601_000);
    const late = await send({ authorization: authorization(), dpop: proof() });
    expect([late.status, late.code]).toEqual([401, "sign_in_needed"]);
    expect(late.headers["www-authenticate"]).toMatch(/error="invalid_token"/);
    const changed = `${tokens.accessToken.slice(0, -6)}AAAAAA`;
    const claims = { ath: sha256(changed) };
    expect((await send({ authorization: `DPoP ${changed}`, dpop: proof({ claims }) })).code).toBe("sign_in_needed");
  });

  test("a revoked session and a disabled account end at the next request, not with the token", async () => {
    const ask = async () => (await send({ authorization: authorization(), dpop: proof() })).code;
    const { db } = server.context.store;
    await db.updateTable("accounts").set({ disabled_at: 1 }).execute();
    expect(await ask()).toBe("account_disabled");
    await db.updateTable("accounts").set({ disabled_at: null }).execute();
    await db.updateTable("sessions").set({ revoked_at: 1 }).execute();
    expect(await ask()).toBe("session_ended");
  });

  test("a public document needs neither token nor proof", async () => {
    expect((await send({}, "/v1/agreement")).status).toBe(200);
  });
});
