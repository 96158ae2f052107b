// What no proper client sends: too much, too deep, of another kind, for addresses and methods that are not there. Each
// is answered by a stable code, and afterwards everything goes on.
import { request } from "node:http";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "./caller.js";
import { newOrg } from "./node.js";
import { createFirstPerson, type Person } from "./person.js";
import { startSite, type Site } from "./site.js";

let site: Site;
let ada: Person;

beforeAll(async () => {
  site = await startSite("sqlite", { scope: "file", signup: "open" });
  ada = await createFirstPerson(site, "ada");
  await ada.terminal.post("/v1/orgs", newOrg(site, "acme").create);
});

const own = (): URL => new URL(site.controls[0]?.url ?? "");

type Raw = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string };

/** Straight to the control plane. A body that is `unfinished` is told to go on for ever, and never does. */
function raw(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | { readonly unfinished: string },
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: own().hostname, port: own().port, method, path, headers, agent: false },
      (response) => {
        let text = "";
        const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", done).on("error", done);
      },
    );
    call.on("error", reject);
    if (typeof body === "object") call.write(body.unfinished);
    else call.end(body);
  });
}

const problemOf = ({ text }: Raw): Readonly<Record<string, unknown>> => JSON.parse(text) as Record<string, unknown>;

const json = { "content-type": "application/json" } as const;
const form = { "content-type": "application/x-www-form-urlencoded" } as const;

describe("too large", () => {
  const megabytes = String(10 * 1024 * 1024);
  // Nobody waits for the rest: the answer comes before it.
  const begun = { unfinished: "x".repeat(100_000) };

  test.each([
    ["/v1/orgs", json, { code: "body_too_large", hint: "Send less than 64 KiB." }],
    ["/v1/node/heartbeat", json, { code: "body_too_large" }],
    ["/oauth/token", form, { error: "invalid_request" }],
    ["/oauth/device_authorization", form, { error: "invalid_request" }],
    ["/nowhere", json, { code: "body_too_large" }],
  ])("10 MB to %s: 413, whether the length is told before or not", async (path, headers, told) => {
    for (const length of [{ "content-length": megabytes }, { "transfer-encoding": "chunked" }]) {
      const answer = await raw("POST", path, { ...headers, ...length }, begun);
      expect([answer.status, problemOf(answer)]).toMatchObject([413, told]);
    }
  });

  test("10 MB to a page: its own error page", async () => {
    const answer = await raw("POST", "/sign-in", { ...form, accept: "text/html", "content-length": megabytes }, begun);
    expect(answer.status).toBe(413);
    expect(answer.headers["content-type"]).toContain("text/html");
    expect(answer.text).toContain("The request is larger than what is accepted.");
  });

  test("64 KiB and one byte is too large, and the connection's next request is not its rest", async () => {
    const body = JSON.stringify({ id: "a", name: "x".repeat(65_536), agreement: "" });
    const answer = await ada.terminal.caller.send({
      method: "POST",
      path: "/v1/orgs",
      token: ada.terminal.accessToken,
      raw: { type: "application/json", body },
    });
    expect([answer.status, answer.outcome]).toEqual([413, "body_too_large"]);
    expect((await ada.terminal.get("/v1/me")).status).toBe(200);
  });

  test("a header, a path or a query beyond any measure", async () => {
    const long = "x".repeat(14_000);
    const header = await raw("GET", "/v1/me", { "x-long": long + long });
    expect([header.status, problemOf(header)]).toMatchObject([431, { code: "headers_too_large" }]);
    expect(problemOf(await raw("GET", `/v1/orgs/${long}`))).toMatchObject({ code: "invalid_request" });
    expect(problemOf(await raw("GET", `/v1/orgs?after=${long}`))).toMatchObject({ code: "sign_in_needed" });
    const dpop = { authorization: `DPoP ${ada.terminal.accessToken}`, dpop: long };
    expect(problemOf(await raw("GET", "/v1/me", dpop))).toMatchObject({ code: "dpop_proof_invalid" });
    expect(problemOf(await raw("GET", "/v1/me", { authorization: `DPoP ${long}` }))).toHaveProperty("code");
  });

  test("a form of too many fields, and one that says something twice", async () => {
    const many = Array.from({ length: 101 }, (_, index) => `f${String(index)}=1`).join("&");
    for (const body of [many, "client_id=jitnode-cli&client_id=jitnode-node"]) {
      const answer = await raw("POST", "/oauth/device_authorization", form, body);
      expect([answer.status, problemOf(answer)]).toMatchObject([400, { error: "invalid_request" }]);
    }
  });
});

describe("of another form", () => {
  const sent = (path: string, body: string, type = "application/json"): Promise<Answer> =>
    ada.terminal.caller.send({
      method: "POST",
      path,
      token: ada.terminal.accessToken,
      raw: { type, body },
      idempotencyKey: "the-key-of-something-odd",
    });

  const deep = (open: string, close: string): string => open.repeat(10_000) + close.repeat(10_000);

  test.each([
    ["a list", "[]"],
    ["nothing", "null"],
    ["a text", '"text"'],
    ["a number", "1e999"],
    ["half an object", '{"id":'],
    ["no JSON at all", "<html>"],
    ["an empty body", ""],
    ["a nested list", deep("[", "]")],
    ["a nested object", deep('{"a":', "}").replace("}", "1}")],
    ["a prototype", '{"__proto__":{"id":"acme"},"id":"b-c","name":"B","agreement":"x"}'],
    ["bytes that are no text", "\ud800"],
  ])("%s where an object is due: 400, and nothing is made", async (_what, body) => {
    const answers = [
      await sent("/v1/orgs", body),
      await sent("/v1/orgs/join", body),
      await sent("/v1/activations/BCDF-GHJK/approval", body),
      await sent("/v1/activations/BCDF-GHJK/denial", body),
    ];
    for (const answer of answers) expect([answer.status, answer.outcome]).toEqual([400, "invalid_request"]);
  });

  test("where no body is due it is not looked at, unless it is too deep to be walked", async () => {
    const path = "/v1/orgs/acme/binding-code/refresh";
    for (const [body, outcome] of [
      ["[]", "ok"],
      ['"text"', "ok"],
      [deep("[", "]"), "invalid_request"],
      [deep('{"a":', "}").replace("}", "1}"), "invalid_request"],
    ] as const) {
      const { accessToken: token, caller } = ada.terminal;
      const answer = await caller.send({ method: "POST", path, token, raw: { type: "application/json", body } });
      expect(answer.outcome).toBe(outcome);
    }
  });

  test("a NUL, a wrong escape and a wrong date go nowhere near the database", async () => {
    const { get, remove } = ada.terminal;
    const answers = [
      await get("/v1/orgs/acme/members?after=%00"),
      await get("/v1/orgs/acme/nodes?after=%00"),
      await get("/v1/orgs/acme/nodes/%00"),
      await get("/v1/activations/%00"),
      await remove("/v1/me/sessions/%00"),
      await remove("/v1/orgs/acme/members/%00"),
      await remove("/v1/orgs/acme/nodes/%00/binding"),
    ];
    for (const { status } of answers) expect(status).toBeLessThan(500);
    for (const path of ["/v1/orgs/%zz", "/activate/%zz", "/%c0%af"]) {
      expect([400, 404]).toContain((await raw("GET", path)).status);
    }
    const caller = site.stranger();
    for (const fields of [
      { grant_type: "refresh_token", client_id: "jitnode-cli", refresh_token: "\u0000" },
      { grant_type: "urn:ietf:params:oauth:grant-type:device_code", client_id: "jitnode-cli", device_code: "\u0000" },
    ]) {
      const answer = await caller.send({ method: "POST", path: "/oauth/token", form: fields });
      expect([answer.status, answer.outcome]).toEqual([400, "invalid_grant"]);
    }
  });
});

describe("nowhere", () => {
  test.each([
    ["PUT", "/v1/me", "GET"],
    ["POST", "/v1/me", "GET"],
    ["DELETE", "/v1/orgs", "GET, POST"],
    ["GET", "/oauth/token", "POST"],
    ["PATCH", "/v1/orgs/acme/members/JP_1", "DELETE"],
    ["OPTIONS", "/v1/orgs", "GET, POST"],
    ["TRACE", "/health/live", "GET, HEAD"],
    ["DELETE", "/activate", "GET, HEAD, POST"],
  ])("%s %s is not a method of it: 405 with Allow: %s", async (method, path, allow) => {
    const answer = await raw(method, path);
    expect([answer.status, answer.headers["allow"], problemOf(answer)["code"]]).toEqual([
      405,
      allow,
      "method_not_allowed",
    ]);
  });

  test("an address that is none: 404, without a trace of the server's insides", async () => {
    for (const path of ["/v1", "/v1/", "/v1/nothing", "/oauth", "/metrics", "/../etc/passwd", "//v1/me", "/v1/me/"]) {
      const answer = await raw("GET", path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.text).not.toMatch(/node_modules|\n +at |\/src\//);
    }
  });
});

describe("not even HTTP", () => {
  const spoken = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(own().port), own().hostname);
      let heard = "";
      socket.setEncoding("utf8").on("data", (part: string) => (heard += part));
      socket.on("close", () => resolve(heard)).on("error", reject);
      socket.end(text);
    });

  test.each([
    ["noise", "\u0000\u0001\u0002\r\n\r\n"],
    ["an unknown method", "BREW /v1/me HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["no host", "GET /v1/me HTTP/1.1\r\n\r\n"],
    [
      "two lengths (smuggling)",
      "POST /v1/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a line feed in a header", "GET /v1/me HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n"],
  ])("%s: 400, and the connection ends", async (_what, text) => {
    expect(await spoken(text)).toMatch(/^HTTP\/1\.1 400 [^]*("code":"invalid_request"|\r\n\r\n0\r\n)/);
    expect((await ada.terminal.get("/v1/me")).status).toBe(200);
  });
});
