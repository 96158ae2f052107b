// The people's API through HTTP: shapes, scopes, what a stranger sees, what repeats and bad input get.
import { describe, expect, test } from "vitest";
import { asShape } from "../../../src/protocol/parse.js";
import * as shapes from "../../../src/protocol/people.js";
import { addRequest, createTestContext, dialects } from "../control-context.js";
import { createControlHttp, type ControlHttp, type Sent, type SignedIn } from "../control-http.js";
import type { Dialect } from "../../../src/control/store/store.js";

async function setUp(dialect: Dialect) {
  const context = await createTestContext(dialect);
  const http = await createControlHttp(context);
  const agreement = await http.anybody.send({ method: "GET", path: "/v1/agreement" });
  const { version } = agreement.body as shapes.Agreement;
  const found = (caller: SignedIn, id: string) =>
    caller.send({ method: "POST", path: "/v1/orgs", body: { id, name: "Acme", agreement: version } });
  return { context, http, version, found };
}

const get = (path: string): Sent => ({ method: "GET", path });

describe.each(dialects)("the people's API on %s", (dialect) => {
  test("a node is activated, and the organization lived with, through HTTP alone", async () => {
    const { context, http, version } = await setUp(dialect);
    const [ann, bob] = [await http.signIn({ scope: "activate" }), await http.signIn()];
    const node = await addRequest(context);
    const path = `/v1/activations/${node.userCode}`;

    const shown = await ann.send(get(path));
    expect(asShape(shapes.activation, shown.body)).toMatchObject({ state: "pending", node: { id: node.nodeId } });
    const approved = await ann.send({
      method: "POST",
      path: `${path}/approval`,
      body: {
        number: node.number,
        key_thumbprint: node.key.thumbprint,
        organization: { create: { id: "acme", name: "Acme", agreement: version } },
      },
    });
    expect(approved.status).toBe(200);
    expect(asShape(shapes.approvalAnswer, approved.body)).toMatchObject({ organization: { id: "acme" } });
    expect(asShape(shapes.me, (await ann.send(get("/v1/me"))).body)).toMatchObject({ scope: "activate" });

    const admin = await http.signIn({ person: { ...ann.person, sessionId: "session-of-scope-people" } });
    const code = await admin.send(get("/v1/orgs/acme/binding-code"));
    const { binding_code } = code.body as shapes.BindingCodeAnswer;
    const join = await bob.send({ method: "POST", path: "/v1/orgs/join", body: { binding_code } });
    expect(asShape(shapes.organization, join.body)).toMatchObject({ role: "member", members: 2, nodes: 1 });
    expect(join.status).toBe(200);

    for (const [place, schema] of [
      ["/v1/orgs", shapes.organizationList],
      ["/v1/orgs/acme", shapes.organization],
      ["/v1/orgs/acme/members", shapes.memberList],
      ["/v1/orgs/acme/nodes", shapes.organizationNodeList],
      [`/v1/orgs/acme/nodes/${node.nodeId}`, shapes.organizationNode],
      ["/v1/me/sessions", shapes.sessionList],
    ] as const) {
      const answer = await bob.send(get(place));
      expect(answer.status, place).toBe(200);
      expect(asShape(schema, answer.body), place).toBeDefined();
    }

    const refreshed = await bob.send({ method: "POST", path: "/v1/orgs/acme/binding-code/refresh" });
    expect(asShape(shapes.bindingCodeAnswer, refreshed.body)?.binding_code).not.toBe(binding_code);
    const member = `/v1/orgs/acme/members/${bob.person.accountId}`;
    expect((await bob.send({ method: "DELETE", path: member })).code).toBe("administrator_required");
    const removed = await admin.send({ method: "DELETE", path: member });
    expect(removed.status).toBe(200);
    expect(asShape(shapes.removalAnswer, removed.body)).toEqual({
      removed: bob.person.accountId,
      binding_code_refreshed: true,
    });
    expect((await admin.send({ method: "DELETE", path: member })).status).toBe(204);
    const unbind: Sent = { method: "DELETE", path: `/v1/orgs/acme/nodes/${node.nodeId}/binding` };
    expect((await admin.send(unbind)).status).toBe(204);
    expect((await admin.send(unbind)).status).toBe(204);
    expect((await admin.send(get(`/v1/orgs/acme/nodes/${node.nodeId}`))).code).toBe("node_not_found");
  });

  test("to somebody outside, whatever stands below an organization is the same 404 as what never was", async () => {
    const { http, found } = await setUp(dialect);
    const [ann, eve] = [await http.signIn(), await http.signIn()];
    await found(ann, "acme");
    const below = http.operations.filter((operation) => operation.url.startsWith("/v1/orgs/:org"));
    expect(below.length).toBeGreaterThanOrEqual(8);
    for (const operation of below) {
      const at = (org: string): Sent => ({
        method: operation.method as Sent["method"],
        path: operation.url
          .replace(":org", org)
          .replace(":account_id", ann.person.accountId)
          .replace(":node_id", "JN_1111111111111111"),
      });
      const [real, absent, malformed] = [
        await eve.send(at("acme")),
        await eve.send(at("no-such")),
        await eve.send(at("A..b")),
      ];
      const seen = ({ body, status }: typeof real) => ({ ...(body as object), status, request_id: "" });
      expect(real.code, operation.url).toBe("org_not_found");
      expect(seen(real)).toEqual(seen(absent));
      expect(seen(real)).toEqual(seen(malformed));
      expect(real.status).toBe(404);
    }
  });

  test("a session opened for an activation can do that and no more", async () => {
    const { http, found } = await setUp(dialect);
    const ann = await http.signIn({ scope: "activate" });
    await found(ann, "acme");
    const wide = http.operations.filter((operation) => operation.caller === "people");
    expect(wide.length).toBeGreaterThanOrEqual(10);
    for (const operation of wide) {
      const path = operation.url.replace(":org", "acme").replace(/:\w+/g, "x");
      expect((await ann.send({ method: operation.method as Sent["method"], path })).code, path).toBe(
        "scope_insufficient",
      );
    }
    for (const path of ["/v1/orgs", "/v1/me"]) expect((await ann.send(get(path))).status).toBe(200);
  });

  test("nothing but the agreement is told to anybody without a session, and a node's token is none", async () => {
    const { context, http } = await setUp(dialect);
    const node = await http.asNode(await addRequest(context));
    for (const operation of http.operations.filter(
      ({ url }) => url.startsWith("/v1/") && !url.startsWith("/v1/node/"),
    )) {
      if (operation.caller === "public") continue;
      const sent: Sent = { method: operation.method as Sent["method"], path: operation.url.replace(/:\w+/g, "x") };
      expect((await http.anybody.send(sent)).status, sent.path).toBe(401);
      expect((await node.send(sent)).status, sent.path).toBe(401);
    }
  });

  test("a repeat has the same answer, another body none, a missing key neither", async () => {
    const { http, version } = await setUp(dialect);
    const ann = await http.signIn();
    const body = { id: "acme", name: "Acme", agreement: version };
    const sent = { method: "POST", path: "/v1/orgs", body, idempotencyKey: "key-of-this-test-1" } as const;
    const [first, again] = await Promise.all([ann.send(sent), ann.send(sent)]);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(first.headers["location"]).toBe("/v1/orgs/acme");
    expect((await ann.send({ ...sent, body: { ...body, name: "Other" } })).code).toBe("idempotency_key_reused");
    for (const idempotencyKey of [null, "short", "x".repeat(129), "with a space in it"]) {
      expect((await ann.send({ ...sent, idempotencyKey })).code).toBe("idempotency_key_required");
    }
    for (const operation of http.operations.filter((each) => each.method === "POST" && each.caller === "people")) {
      expect(operation.idempotent, operation.url).toBe(true);
    }
  });

  test("bad input is refused in one sentence, whatever it is", async () => {
    const { context, http, version, found } = await setUp(dialect);
    const ann = await http.signIn();
    const post = (path: string, body: unknown) => ann.send({ method: "POST", path, body });
    for (const body of ["{", "[]", "null", { id: 1 }, { id: "acme", name: "Acme", agreement: version, more: 1 }]) {
      expect((await post("/v1/orgs", body)).code, JSON.stringify(body)).toBe("invalid_request");
    }
    const long = "x".repeat(10_000);
    expect((await found(ann, long)).code).toBe("org_id_invalid");
    expect((await post("/v1/orgs", { id: "acme", name: "a\u202eb", agreement: version })).code).toBe(
      "org_name_invalid",
    );
    expect((await post("/v1/orgs", JSON.stringify({ id: "x".repeat(10_000_000) }))).code).toBe("body_too_large");
    expect((await post("/v1/orgs/join", { binding_code: "x".repeat(65) })).code).toBe("invalid_request");
    const node = await addRequest(context);
    expect((await post(`/v1/activations/${node.userCode}/approval`, {})).code).toBe("invalid_request");
    expect((await ann.send(get(`/v1/activations/${"x".repeat(1000)}`))).code).toBe("activation_unknown");
    expect((await ann.send(get("/v1/activations/%E2%80%AE"))).code).toBe("activation_unknown");
    for (const query of ["limit=0", "limit=1001", "limit=x", "more=1", `after=${"x".repeat(129)}`]) {
      expect((await ann.send(get(`/v1/orgs?${query}`))).code, query).toBe("invalid_request");
    }
    expect((await ann.send(get("/v1/orgs?limit=1&after=zzz"))).body).toEqual({ items: [] });
  });

  test("a pause says how long it lasts", async () => {
    const { http } = await setUp(dialect);
    const eve = await http.signIn();
    for (let n = 0; n < 5; n++) await eve.send(get("/v1/activations/BCDF-GHJK"));
    const answer = await eve.send(get("/v1/activations/BCDF-GHJK"));
    expect(answer).toMatchObject({ status: 429, code: "rate_limited" });
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(800);
  });

  test("an ended session has ended at once", async () => {
    const { http } = await setUp(dialect);
    const [ann, eve] = [await http.signIn(), await http.signIn()];
    const end: Sent = { method: "DELETE", path: `/v1/me/sessions/${ann.person.sessionId}` };
    expect((await eve.send(end)).status).toBe(204);
    expect((await ann.send(get("/v1/me"))).status).toBe(200);
    expect((await ann.send(end)).status).toBe(204);
    expect((await ann.send(get("/v1/me"))).code).toBe("session_ended");
  });
});

test("every operation declares what it answers", async () => {
  const http: ControlHttp = await createControlHttp(await createTestContext("sqlite"));
  for (const operation of http.operations.filter(({ url }) => url.startsWith("/v1/"))) {
    expect(Object.keys(operation.answers).length, operation.url).toBeGreaterThan(0);
    expect(operation.summary, operation.url).not.toBe("");
  }
});
