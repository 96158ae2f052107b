// Proofs and assertions that are signed correctly and still are not what anybody expects: a key in another writing,
// times with fractions, a node whose key is not Ed25519.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { thumbprintOf } from "../../../../src/domain/ids.js";
import { createHeartbeats } from "../../../../src/control/services/heartbeats.js";
import { createTestContext, dialects } from "../../control-context.js";
import { bindRequest } from "../bind.js";
import {
  authenticate,
  bentAssertion,
  bentJws,
  generateEcKey,
  knowNode,
  nodeForm,
  serve,
  type Server,
} from "./client.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The same 32 bytes for a decoder that ignores the two bits left over. */
const otherWriting = (coordinate: string): string =>
  coordinate.slice(0, -1) + alphabet.charAt(alphabet.indexOf(coordinate.slice(-1)) + 1);

const start = (server: Server, dpop: string) =>
  server.app.inject({
    method: "POST",
    url: "/oauth/device_authorization",
    headers: { "content-type": "application/x-www-form-urlencoded", dpop },
    payload: new URLSearchParams(nodeForm).toString(),
  });

describe.each(dialects)("on %s", (dialect) => {
  const claims = (server: Server, iat = Math.floor(server.context.clock.now() / 1000)) => ({
    jti: randomUUID(),
    htm: "POST",
    htu: "http://127.0.0.1:7070/oauth/device_authorization",
    iat,
  });

  test("a key has one writing, so it is one node", async () => {
    const server = await serve(await createTestContext(dialect));
    const key = generateKeyPair();
    const ec = generateEcKey();
    const { x, y } = ec.jwk as { readonly x: string; readonly y: string };
    const jwks = [
      { alg: "Ed25519", jwk: { ...key.publicJwk, x: otherWriting(key.publicJwk.x) }, signWith: key.privateKey },
      { alg: "ES256", jwk: { ...ec.jwk, x: otherWriting(x) }, signWith: ec.privateKey },
      { alg: "ES256", jwk: { ...ec.jwk, y: otherWriting(y) }, signWith: ec.privateKey },
    ];
    for (const { alg, jwk, signWith } of jwks) {
      const proof = bentJws({ alg, typ: "dpop+jwt", jwk }, claims(server), signWith);
      const answer = await start(server, proof);
      expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([400, "invalid_dpop_proof"]);
    }
    const proof = bentJws({ alg: "ES256", typ: "dpop+jwt", jwk: ec.jwk }, claims(server), ec.privateKey);
    expect((await start(server, proof)).statusCode).toBe(200);
  });

  test("times may have fractions of a second (RFC 7519 section 2)", async () => {
    const server = await serve(await createTestContext(dialect));
    const key = generateKeyPair();
    const ahead = server.context.clock.now() / 1000 + 200.000_123;
    const proof = bentJws(
      { alg: "Ed25519", typ: "dpop+jwt", jwk: key.publicJwk },
      claims(server, ahead),
      key.privateKey,
    );
    expect((await start(server, proof)).statusCode).toBe(200);

    const nodeId = await knowNode(server, key);
    const now = server.context.clock.now();
    const change = { claims: { iat: now / 1000, exp: now / 1000 + 59.000_123 } };
    const assertion = bentAssertion(key, nodeId, server.context.config.publicUrl, now, change);
    expect((await authenticate(server, key, nodeId, assertion)).status).toBe(200);
    expect((await authenticate(server, key, nodeId, assertion)).body).toMatchObject({ error: "invalid_client" });
  });

  test("a node with an ES256 key beats like any other", async () => {
    const context = await createTestContext(dialect);
    const ec = generateEcKey();
    const thumbprint = thumbprintOf(ec.jwk as { readonly kty: string });
    if (thumbprint === undefined) throw new Error("no thumbprint");
    const { actor, bindingId } = await bindRequest(context, { thumbprint, publicJwk: ec.jwk });
    const beat = (alg: string) =>
      createHeartbeats(context).receive(
        actor,
        bentJws(
          { alg, typ: "jitnode-heartbeat+jwt", kid: thumbprint },
          { binding_id: bindingId, boot_id: "boot-one", seq: 1, version: "0.1.0", at: "2026-11-22T10:00:00.000Z" },
          ec.privateKey,
        ),
      );
    expect(await beat("ES256")).toMatchObject({ possible_copy: false });
    await expect(beat("Ed25519")).rejects.toMatchObject({ code: "invalid_request" });
  });
});
