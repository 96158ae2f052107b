// Whole flows by the real programs: daemon and command line, through the load balancer.
import { expect, test } from "vitest";
import { reach } from "../../../integration/daemon/daemon-client.js";
import { runCli, startCli, startDaemon } from "../../../support/programs.js";
import { temporaryFolder } from "../../../support/temporary.js";
import { jsonOf, readShown, resultOf } from "../../cli-site.js";
import type { Person } from "../person.js";
import type { World } from "../world.js";

export function programFlows(world: () => World): void {
  const approveShown = async (person: Person, program: Parameters<typeof readShown>[0]): Promise<void> => {
    const { code, number } = await readShown(program);
    const page = await person.decide({ userCode: code, number }, "Approve");
    expect(page.heading).toBe("The terminal is signed in");
  };

  test("a node is activated, seen by a member, its code refreshed, unbound by an administrator, bound anew, released", async () => {
    const { site, ada, bob, newId } = world();
    const id = newId("programs");
    const daemon = await startDaemon({ server: site.url, nodeName: "builder" });
    const home = temporaryFolder();
    const env = daemon.cliEnv;
    const create = ["--create-org", id, "--org-name", "Programs", "--accept-agreement", "--stay-signed-in"];
    const activation = startCli(["activate", "--json", ...create], { home, env });
    await approveShown(ada, activation);
    const activated = await resultOf(activation);
    expect(activated, activated.stderr).toMatchObject({ code: 0 });
    const { node } = await reach(daemon, { state: "bound", connection: "connected" });

    const cli = (args: readonly string[], stdin?: string) =>
      runCli(args, { home, env, ...(stdin === undefined ? {} : { stdin }) });
    const nodes = jsonOf(await cli(["org", "nodes", "--json"]), "org-nodes");
    expect(nodes).toMatchObject({ items: [{ id: node.id, name: "builder", state: "connected" }] });
    const old = (await cli(["org", "code"])).stdout.trim();
    const fresh = await cli(["org", "code", "refresh"]);
    expect(fresh.stdout.trim()).not.toBe(old);
    expect((await bob.terminal.post("/v1/orgs/join", { binding_code: old })).outcome).toBe("binding_code_invalid");
    const joined = await bob.terminal.post("/v1/orgs/join", { binding_code: fresh.stdout.trim() });
    expect(joined.outcome).toBe("ok");
    expect(jsonOf(await cli(["org", "members", "--json"]), "org-members")).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ account_id: bob.accountId, role: "member" })]),
    });

    // The waiting command is told by the daemon, the daemon by its stream.
    const waiting = startCli(["wait", "--for", "unbound", "--timeout", "30s"], { home, env });
    expect((await cli(["node", "unbind", node.id, "--yes"])).code).toBe(0);
    expect((await resultOf(waiting)).code).toBe(0);
    expect(jsonOf(await cli(["status", "--json"]), "status")).toMatchObject({
      state: "unbound",
      last_unbound: { by: "administrator" },
    });

    const bound = await cli(["activate", "--json", "--org", id]);
    expect(bound, bound.stderr).toMatchObject({ code: 0 });
    await reach(daemon, { state: "bound", connection: "connected" });
    expect((await cli(["node", "unbind", "--yes"])).code).toBe(0);
    const released = await reach(daemon, { state: "unbound", release_pending: false });
    expect(released.last_unbound).toMatchObject({ by: "operator" });
    expect((await ada.terminal.get(`/v1/orgs/${id}/nodes`)).body["items"]).toEqual([]);
    expect((await cli(["logout"])).code).toBe(0);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
  });
}
