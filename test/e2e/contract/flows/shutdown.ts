// A replica that is stopped in the middle of everything: what it began, the other one ends.
import { expect, test } from "vitest";
import { reach } from "../../../integration/daemon/daemon-client.js";
import { startDaemon } from "../../../support/programs.js";
import { textOf } from "../caller.js";
import { approve, bindNode, createNode, newOrg, type NodeRequest } from "../node.js";
import { askedOf, askToSignIn, redeem } from "../person.js";
import type { World } from "../world.js";

export function shutdownFlows(world: () => World): void {
  test("SIGTERM to the replica that holds everything: streams end, it exits 0, and nothing is lost", async () => {
    const { site, ada, newId } = world();
    const [stopped] = site.controls;
    if (stopped === undefined) throw new Error("a site has a control plane");
    const here = { replica: 0 } as const;
    const id = newId("stopped");
    const bound = await bindNode(site, ada.terminal, newOrg(site, id));
    const events = await bound.events(here);
    expect(await events.next()).toMatchObject({ type: "binding" });

    const daemon = await startDaemon({ server: site.url });
    const { activation } = await reach(daemon, { state: "pending" });
    const node = createNode(site);
    const asked: NodeRequest = await node.ask(here);
    const caller = site.stranger();
    const terminal = await askToSignIn(caller, {}, here);

    stopped.signal("SIGTERM");
    expect(await events.next()).toBeUndefined();
    expect(await stopped.exited).toEqual({ code: 0, signal: null });

    // From now on whoever wants that replica gets the other one, as behind any load balancer.
    const approved = await approve(ada.terminal, node, asked, { use: { id } }, here);
    expect(approved.outcome).toBe("ok");
    expect(textOf((await node.poll(asked, here)).body, "node_id")).toBe(node.id);
    await ada.decide(askedOf(terminal), "Approve");
    expect((await redeem(caller, terminal, here)).outcome).toBe("ok");

    await ada.decide({ userCode: activation?.user_code ?? "", number: activation?.number ?? "" }, "Approve", {
      organization: `use:${id}`,
    });
    await reach(daemon, { state: "bound", connection: "connected" });
    const again = await bound.events(here);
    expect(await again.next()).toMatchObject({ binding: { state: "bound" } });
    expect((await ada.terminal.remove(`/v1/orgs/${id}/nodes/${bound.id}/binding`, here)).status).toBe(204);
    expect(await again.next()).toMatchObject({ binding: { state: "unbound" } });
  });
}
