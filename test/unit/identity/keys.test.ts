// Key pairs and what they sign, checked by an independent implementation (jose).

import { calculateJwkThumbprint, EmbeddedJWK, importJWK, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { asKeyPair, generateKeyPair } from "../../../src/identity/keys.js";
import { signClientAssertion, signProof } from "../../../src/identity/proofs.js";

describe("a key pair", () => {
  it("survives being stored", () => {
    const pair = generateKeyPair();
    expect(asKeyPair(pair.exportPrivate())?.thumbprint).toBe(pair.thumbprint);
  });

  it("has the thumbprint that others compute", async () => {
    const pair = generateKeyPair();
    expect(await calculateJwkThumbprint({ ...pair.publicJwk })).toBe(pair.thumbprint);
  });

  it("is not made from damaged text", () => {
    const text = generateKeyPair().exportPrivate();
    const jwk = JSON.parse(text) as Record<string, string>;
    const foreign = JSON.parse(generateKeyPair().exportPrivate()) as Record<string, string>;
    for (const bad of [
      "",
      "{}",
      "null",
      text.slice(0, -5),
      JSON.stringify({ ...jwk, x: foreign.x }),
      JSON.stringify({ ...jwk, d: "AA" }),
    ]) {
      expect(asKeyPair(bad)).toBeUndefined();
    }
  });
});

describe("a DPoP proof", () => {
  it("verifies by its own key and names method, URL without query, nonce and token", async () => {
    const pair = generateKeyPair();
    const proof = signProof(pair, {
      method: "POST",
      url: "https://cp.example/oauth/token?x=1#y",
      issuedAt: 1_700_000_000,
      jti: "once",
      nonce: "n",
      accessToken: "token",
    });
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
    expect(protectedHeader).toMatchObject({ alg: "Ed25519", jwk: pair.publicJwk });
    expect(payload).toMatchObject({
      htm: "POST",
      htu: "https://cp.example/oauth/token",
      iat: 1_700_000_000,
      jti: "once",
      nonce: "n",
    });
    expect(payload.ath).toBe("PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
  });
});

describe("a client assertion", () => {
  it("names the issuer alone as audience and lives a minute", async () => {
    const pair = generateKeyPair();
    const assertion = signClientAssertion(pair, {
      clientId: "JN_x",
      issuer: "https://cp.example",
      issuedAt: 1_000,
      jti: "j",
    });
    const { payload } = await jwtVerify(assertion, await importJWK({ ...pair.publicJwk }, "Ed25519"), {
      currentDate: new Date(1_010_000),
      audience: "https://cp.example",
      typ: "client-authentication+jwt",
    });
    expect(payload).toEqual({ iss: "JN_x", sub: "JN_x", aud: "https://cp.example", iat: 1_000, exp: 1_060, jti: "j" });
  });
});
