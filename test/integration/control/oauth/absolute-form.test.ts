// Requests as proxies send them (RFC 9112 section 3.2.2): the whole URL in the first line. A server must take them, and
// whose name stands in it is no matter: what proofs are for is the public URL.
import { request } from "node:http";
import { expect, test } from "vitest";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { createTestContext } from "../../control-context.js";
import { nodeForm, serve } from "./client.js";

test("the whole URL in the first line is as good as its path", async () => {
  const server = await serve(await createTestContext("sqlite"));
  await server.app.listen({ host: "127.0.0.1", port: 0 });
  const address = server.app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const path = "/oauth/device_authorization";
  const send = (target: string) =>
    new Promise<{ readonly status: number | undefined; readonly nonce: unknown }>((resolve, reject) => {
      const headers = {
        "content-type": "application/x-www-form-urlencoded",
        dpop: server.proof(generateKeyPair(), "POST", path),
      };
      const sent = request({ host: "127.0.0.1", port, method: "POST", path: target, headers }, (answer) => {
        answer.resume().on("end", () => resolve({ status: answer.statusCode, nonce: answer.headers["dpop-nonce"] }));
      });
      sent.on("error", reject).end(new URLSearchParams(nodeForm).toString());
    });
  for (const target of [path, `http://127.0.0.1:7070${path}`, `https://elsewhere.example${path}?a=b`]) {
    expect(await send(target)).toEqual({ status: target.includes("?") ? 400 : 200, nonce: server.nonce() });
  }
});
