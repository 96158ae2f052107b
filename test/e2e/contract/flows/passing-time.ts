// What needs a site of its own: codes that expire within a second, accounts that may not create, a database that is gone.
import Database from "better-sqlite3";
import { join } from "node:path";
import { Client } from "pg";
import { beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../support/postgres.js";
import { textOf } from "../caller.js";
import { startGate, type Gate } from "../gate.js";
import { approve, bindNode, createNode, deny, newOrg } from "../node.js";
import { createFirstPerson, createPerson, type Person } from "../person.js";
import { startSite, type Dialect, type Site } from "../site.js";
import { sorted, type World } from "../world.js";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function passingFlows(world: () => World, dialect: Dialect): void {
  let site: Site;
  let ada: Person;
  let gate: Gate | undefined;

  beforeAll(async () => {
    const { contract } = world().site;
    const common = { scope: "file", contract, signup: "code", replicas: 1 } as const;
    if (dialect === "postgres") {
      const { url } = await createDatabase({ scope: "file" });
      gate = await startGate(url, "file");
      site = await startSite(dialect, { ...common, database: { url, through: gate.url } });
    } else {
      site = await startSite(dialect, common);
    }
    ada = await createFirstPerson(site, "ada");
  });

  test("whoever came by a binding code may bind nodes to that organization, and found none", async () => {
    await ada.terminal.post("/v1/orgs", newOrg(site, "inviting").create);
    const code = await ada.terminal.get("/v1/orgs/inviting/binding-code");
    const carol = await createPerson(site, "carol", { binding_code: textOf(code.body, "binding_code") });
    const me = await carol.terminal.get("/v1/me");
    expect(me.body["may_create_organizations"]).toBe(false);
    const refused = await carol.terminal.post("/v1/orgs", newOrg(site, "carols").create);
    expect([refused.status, refused.outcome]).toEqual([403, "org_creation_not_allowed"]);
    const node = createNode(site);
    const approved = await approve(carol.terminal, node, await node.ask(), { use: { id: "inviting" } });
    expect(approved.body).toMatchObject({ organization: { id: "inviting" }, role: "member" });
    const other = createNode(site);
    const founding = await approve(carol.terminal, other, await other.ask(), newOrg(site, "carols"));
    expect([founding.status, founding.outcome]).toEqual([403, "org_creation_not_allowed"]);
  });

  test("without its database it lives and is not ready, and goes on when that is back", async () => {
    const stranger = site.stranger();
    const ready = () => stranger.send({ method: "GET", path: "/health/ready", proof: null });
    const restore = gate === undefined ? changeKey(site) : gate.close();
    const answer = await ready();
    expect([answer.status, answer.body]).toEqual([503, { ready: false }]);
    expect((await stranger.send({ method: "GET", path: "/health/live", proof: null })).status).toBe(200);
    if (gate !== undefined) {
      const me = await ada.terminal.get("/v1/me");
      expect([me.status, me.outcome]).toEqual([503, "unavailable"]);
      const form = { grant_type: "refresh_token", client_id: "jitnode-cli", refresh_token: ada.terminal.refreshToken };
      const token = await ada.terminal.caller.send({ method: "POST", path: "/oauth/token", form });
      expect([token.status, token.outcome]).toEqual([503, "temporarily_unavailable"]);
    }
    restore();
    expect((await ready()).status).toBe(200);
    expect((await ada.terminal.get("/v1/me")).status).toBe(200);
  });

  if (dialect === "postgres") {
    test("a stream that is open while the database is away hears what happens later", async () => {
      const node = await bindNode(site, ada.terminal, newOrg(site, "patient"));
      const events = await node.events();
      expect(await events.next()).toMatchObject({ binding: { state: "bound" } });
      gate?.close()();
      // One connection that listens, not one for each attempt.
      await expect.poll(() => countListeners(gate?.url ?? "")).toBe(1);
      await ada.terminal.remove(`/v1/orgs/patient/nodes/${node.id}/binding`);
      expect(await events.next()).toMatchObject({ type: "binding", binding: { state: "unbound" } });
    });
  }

  test("a code that has expired is shown, approved and denied to nobody", async () => {
    await site.restart({ deviceCodeTtl: "1" });
    const node = createNode(site);
    const asked = await node.ask();
    expect(asked.answer.body["expires_in"]).toBe(1);
    let polled = await node.poll(asked);
    while (polled.outcome !== "expired_token") {
      expect(polled.outcome).toMatch(/^(authorization_pending|slow_down)$/);
      await pause(200);
      polled = await node.poll(asked);
    }
    const answers = [
      await ada.terminal.get(`/v1/activations/${asked.userCode}`),
      await approve(ada.terminal, node, asked, newOrg(site, "late")),
      await deny(ada.terminal, asked),
    ];
    for (const answer of answers) expect([answer.status, answer.outcome]).toEqual([410, "activation_expired"]);
    expect((await node.signIn()).outcome).toBe("invalid_client");
    expect((await ada.terminal.get("/v1/orgs/late")).outcome).toBe("org_not_found");
  });

  test("approved, denied and expired at once: one of them holds, and the node hears the same", async () => {
    for (let round = 0; round < 3; round += 1) {
      const node = createNode(site);
      const asked = await node.ask();
      // Where in that second it hits is nobody's promise; whatever comes must fit together.
      await pause(985);
      const decided = await Promise.all([
        approve(ada.terminal, node, asked, newOrg(site, `at-the-end-${String(round)}`)),
        deny(ada.terminal, asked),
        approve(ada.terminal, node, asked, newOrg(site, `at-the-end-${String(round)}-too`)),
      ]);
      const outcomes = sorted(decided);
      expect(outcomes.filter((outcome) => outcome === "ok").length).toBeLessThanOrEqual(1);
      for (const outcome of outcomes) expect(outcome).toMatch(/^(ok|activation_decided|activation_expired)$/);
      const bound = decided[0].status === 200 || decided[2].status === 200;
      expect((await node.signIn()).outcome).toBe(bound ? "ok" : "invalid_client");
      const { bindings } = await site.database.read();
      expect(bindings.filter((row) => row["node_id"] === node.id)).toHaveLength(bound ? 1 : 0);
    }
  });
}

async function countListeners(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const found = await client.query(
    "select 1 from pg_stat_activity where datname = current_database() and application_name like '%listen%'",
  );
  await client.end();
  return found.rowCount ?? 0;
}

/** SQLite's file is always there: but it may have become another's. */
function changeKey(site: Site): () => void {
  const database = new Database(join(site.controls[0]?.dataDir ?? "", "control.db"), { fileMustExist: true });
  const row = database.prepare("select value from metadata where key = 'key_check'").get() as { value: string };
  const write = database.prepare("update metadata set value = ? where key = 'key_check'");
  write.run("another");
  return () => {
    write.run(row.value);
    database.close();
  };
}
