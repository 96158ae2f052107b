// The local API's door: who may ask, what is refused and how, and that everybody sees changes.
import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, test, beforeAll } from "vitest";
import { identityAnswer, localEvent } from "../../../src/protocol/local.js";
import { asJson, asShape } from "../../../src/protocol/parse.js";
import { problem } from "../../../src/protocol/problem.js";
import { onEnd } from "../../support/cleanup.js";
import { startDaemon, type Daemon } from "../../support/programs.js";
import { startFakeControlPlane } from "../../emulators/control-plane.js";
import { ask, statusOf } from "./daemon-client.js";

let daemon: Daemon;
beforeAll(async () => {
  daemon = await startDaemon({ scope: "file" });
});

/** What comes back for bytes that are no proper request. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = "";
    const connection = connect(daemon.socket, () => connection.write(bytes));
    connection.on("data", (data) => (answer += String(data)));
    connection.on("close", () => resolve(answer));
    connection.on("error", reject);
    connection.setTimeout(2000, () => connection.destroy());
  });

describe("who may ask", () => {
  test.each([
    ["another Host", { host: "localhost" }],
    ["the Host with a port", { host: "jitnoded:80" }],
    ["an Origin", { origin: "http://evil.example" }],
    ["a Referer", { Referer: "http://jitnoded/" }],
  ])("%s is refused", async (_name, headers) => {
    for (const path of ["/v1/status", "/v1/identity"]) {
      const answer = await ask(daemon.socket, "GET", path, { headers });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    }
  });

  test("two Hosts are refused", async () => {
    const answer = await raw("GET /v1/status HTTP/1.1\r\nHost: jitnoded\r\nHost: evil\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("bytes that are not HTTP get a bare refusal, and the daemon goes on", async () => {
    expect(await raw("\u0000\u0001hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await statusOf(daemon)).state).toBe("unbound");
  });
});

describe("what is refused", () => {
  test("an unknown address, another method, with problem details", async () => {
    const unknown = await ask(daemon.socket, "GET", "/v1/nothing");
    expect(unknown).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(unknown.headers["content-type"]).toBe("application/problem+json");
    expect(asShape(problem, unknown.body)).toBeDefined();
    const method = await ask(daemon.socket, "POST", "/v1/binding", { body: "{}" });
    expect(method).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(method.headers["allow"]).toBe("GET, DELETE");
  });

  test.each([
    ["{", {}, "invalid_request"],
    ["[]", {}, "invalid_request"],
    ['{"server":1}', {}, "invalid_request"],
    ['{"unknown":1}', {}, "invalid_request"],
    ["{}", { "content-type": "text/plain" }, "unsupported_media_type"],
    [`"${"x".repeat(70_000)}"`, {}, "body_too_large"],
  ])("the body %.20s is refused", async (body, headers, code) => {
    const answer = await ask(daemon.socket, "POST", "/v1/activation", { body, headers });
    expect(answer.body).toMatchObject({ code });
  });

  test("10 MB without a length are cut off", async () => {
    const outcome = await new Promise<number | string>((resolve) => {
      const call = request(
        {
          socketPath: daemon.socket,
          method: "POST",
          path: "/v1/activation",
          headers: { host: "jitnoded", "content-type": "application/json" },
        },
        (response) => {
          response.on("error", () => undefined).resume();
          resolve(response.statusCode ?? 0);
        },
      );
      call.on("error", () => resolve("cut"));
      for (let part = 0; part < 10; part++) call.write("x".repeat(1_000_000));
      call.end();
    });
    expect([413, "cut"]).toContain(outcome);
    expect((await statusOf(daemon)).state).toBe("unbound");
  });
});

describe("what is answered", () => {
  test("identity, live, ready, metrics, and what is not there", async () => {
    const identity = await ask(daemon.socket, "GET", "/v1/identity");
    expect(asJson(identityAnswer, identity.text)).toBeDefined();
    expect(await ask(daemon.socket, "GET", "/v1/health/live")).toMatchObject({ status: 200, body: { live: true } });
    expect(await ask(daemon.socket, "GET", "/v1/health/ready")).toMatchObject({ status: 503, body: { ready: false } });
    expect(await ask(daemon.socket, "GET", "/v1/activation")).toMatchObject({
      status: 404,
      body: { code: "no_activation" },
    });
    expect(await ask(daemon.socket, "GET", "/v1/binding")).toMatchObject({ status: 409, body: { code: "not_bound" } });
    const metrics = await ask(daemon.socket, "GET", "/v1/metrics");
    expect(metrics.text).toMatch(/^jitnode_bound 0$/m);
    expect(metrics.text).toMatch(/^jitnode_connection\{state="none"\} 1$/m);
  });

  test("events begin with the status and follow every change; the status follows too", async () => {
    const fake = await startFakeControlPlane();
    onEnd(() => fake.stop());
    let text = "";
    const call = request(
      { socketPath: daemon.socket, path: "/v1/events", headers: { host: "jitnoded" } },
      (response) => {
        response.on("error", () => undefined);
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
      },
    );
    call.on("error", () => undefined);
    call.end();
    onEnd(() => void call.destroy());
    const states = () =>
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => asJson(localEvent, line)?.status.state);
    await expect.poll(states).toEqual(["unbound"]);
    await ask(daemon.socket, "POST", "/v1/activation", { body: JSON.stringify({ server: fake.url }) });
    await expect.poll(() => states().at(-1)).toBe("pending");
    expect((await statusOf(daemon)).state).toBe("pending");
    fake.approve();
    await ask(daemon.socket, "POST", "/v1/activation/check");
    await expect.poll(() => states().at(-1)).toBe("bound");
    expect(states()).not.toContain(undefined);
    expect((await ask(daemon.socket, "GET", "/v1/binding")).body).toMatchObject({ organization: { id: "acme" } });
  });
});
