// Input that one of the databases cannot hold: answered alike on both, and never as a failure of ours.
import { describe, expect, test } from "vitest";
import { generateKeyPair } from "../../../src/identity/keys.js";
import { signHeartbeat } from "../../../src/identity/proofs.js";
import { createHeartbeats } from "../../../src/control/services/heartbeats.js";
import { createTestContext, dialects, outcome } from "../control-context.js";
import { createControlHttp } from "../control-http.js";
import { bindRequest } from "./bind.js";
import { createTestSite, setUp } from "./site.js";

describe.each(dialects)("on %s", (dialect) => {
  test("a NUL in a parameter finds nothing", async () => {
    const http = await createControlHttp(await createTestContext(dialect));
    const ann = await http.signIn();
    const list = await ann.send({ method: "GET", path: "/v1/orgs?after=%00" });
    expect([list.status, list.code]).toEqual([400, "invalid_request"]);
    const ended = await ann.send({ method: "DELETE", path: "/v1/me/sessions/a%00b" });
    expect([ended.status, ended.code]).toEqual([404, "not_found"]);
  });

  test("a NUL in the address of a page is a request that is refused", async () => {
    const site = await createTestSite({}, dialect);
    const ada = await setUp(site);
    const asked = { org_name: "Rockets", org_id: "rockets", consent: "yes" };
    await ada.submit((await ada.get("/orgs/new")).form("/orgs/new"), asked);
    for (const path of [
      "/orgs/rockets/members?q=%00",
      "/orgs/rockets/members?q=a&q=%00",
      "/orgs/rockets/nodes?q=a%00b",
      "/orgs/rockets/activity?after=%00",
      "/orgs/rockets/members/a%00b/remove",
      "/orgs/a%00b",
    ]) {
      expect((await ada.get(path)).status, path).toBe(400);
    }
    const csrf = (await ada.get("/account")).forms[0]?.values["csrf"] ?? "";
    for (const path of ["/account/sessions/a%00b/end", "/orgs/rockets/members/%00/remove"]) {
      expect((await ada.post(path, { csrf })).status, path).toBe(400);
    }
  });

  test("a heartbeat holds an id that is printable, and a number that can be counted", async () => {
    const context = await createTestContext(dialect);
    const key = generateKeyPair();
    const { actor, bindingId } = await bindRequest(context, key);
    const beat = (change: object) =>
      outcome(
        createHeartbeats(context).receive(
          actor,
          signHeartbeat(key, {
            binding_id: bindingId,
            boot_id: "boot-one",
            seq: 1,
            version: "0.1.0",
            at: "2026-11-22T10:00:00.000Z",
            ...change,
          }),
        ),
      );
    expect(await beat({ boot_id: "boot\u0000one" })).toBe("invalid_request");
    expect(await beat({ seq: 1e300 })).toBe("invalid_request");
    expect(await beat({ seq: 2 ** 53 })).toBe("invalid_request");
    expect(await beat({ seq: 2 ** 53 - 1 })).toBe("ok");
  });
});
