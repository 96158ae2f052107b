// A node in a container, from its first start to the next container on the same volume.
import { beforeAll, describe, expect, test } from "vitest";
import { openProgram, keys } from "../e2e/terminal.js";
import { temporaryFolder } from "../support/temporary.js";
import { createVolume, docker, dockerDoes, newName, poll, runContainer, runOnce, type Container } from "./docker.js";
import { newOrganization, openAccount, shownBy, startSite, statusOf, type Site, type Status } from "./site.js";

let site: Site;
beforeAll(async () => {
  site = await startSite();
});

async function reach(node: Container, what: Partial<Status>): Promise<Status> {
  let last: Status | undefined;
  const found = await poll(async () => {
    const status = (last = await statusOf(node));
    return Object.entries(what).every(([name, value]) => status[name as keyof Status] === value) ? status : undefined;
  }, 60_000);
  if (found === undefined) throw new Error(`never ${JSON.stringify(what)}: ${JSON.stringify(last)}`);
  return found;
}

const healthcheck = (container: Container) => container.exec("jitnode-healthcheck");

/** RFC 3339 or Go's own form, "2026-11-22 20:00:00.123456789 +0000 UTC". */
const asTime = (text: string): number =>
  Date.parse(text.replace(/^(\S+) (\d\d:\d\d:\d\d\.\d{0,3})\d* \+0000 UTC$/, "$1T$2Z"));

describe("a node in a container", () => {
  test("the log shows link, code, number and QR; after approval it is bound; the next container on the volume is the same node", async () => {
    const volume = await createVolume();
    const name = newName("node");
    const options = [...site.nodeOptions, "-v", `${volume}:/var/lib/jitnode`];
    const node = await runContainer({ name, options });
    const shown = await shownBy(node);
    const { stdout } = await node.logs();
    expect(shown.link).toContain(site.server);
    expect(stdout).toMatch(/[█▀▄]{10}/);
    expect(stdout).not.toContain("WARNING");
    // Not activated is healthy, and said.
    expect(await healthcheck(node)).toMatchObject({ code: 0, stdout: expect.stringContaining("not activated") });

    await site.ada.approve(shown, newOrganization("first"));
    const bound = await reach(node, { state: "bound", connection: "connected" });
    expect(bound.binding?.organization.id).toBe("first");
    expect(bound.warnings.map(({ code }) => code)).toEqual(["insecure_http"]);
    const printed = (await node.logs()).stdout;

    await dockerDoes(["rm", "-f", name]);
    const again = await runContainer({ name, options });
    const status = await reach(again, { state: "bound", connection: "connected" });
    expect(status.node.id).toBe(bound.node.id);
    expect(status.binding?.binding_id).toBe(bound.binding?.binding_id);
    expect((await again.logs()).stdout).not.toContain("Activate this node");
    expect(printed).toContain("Activate this node");
  });

  test("docker exec -it … jitnode activate asks at the terminal, and the node is bound", async () => {
    const volume = await createVolume();
    const node = await runContainer({ options: [...site.nodeOptions, "-v", `${volume}:/var/lib/jitnode`] });
    await node.until("jitnode", "status");
    const env = { DOCKER_HOST: process.env["DOCKER_HOST"], PATH: process.env["PATH"] };
    const terminal = openProgram("docker", ["exec", "-it", node.name, "jitnode", "activate"], {
      env,
      home: temporaryFolder(),
    });
    const link = (await terminal.waitFor(/Link\s+(\S+)/))[1] ?? "";
    const code = (await terminal.waitFor(/Code\s+(\S+)/))[1] ?? "";
    const number = (await terminal.waitFor(/Number\s+(\d\d)/))[1] ?? "";
    await site.ada.approve({ link, code, number });
    // Above it is the organization that was made before.
    await terminal.waitFor(/Which organization[^]*Create a new organization/);
    terminal.type(keys.down + keys.enter);
    await terminal.waitFor(/Name of the new organization/);
    terminal.type(`Second${keys.enter}`);
    await terminal.waitFor(/Its ID, fixed for life/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Do you accept this agreement\?/);
    terminal.type(`y${keys.enter}`);
    await terminal.waitFor(/is bound to second/);
    expect(await terminal.exited).toBe(0);
    await reach(node, { state: "bound" });
  });

  test("SIGTERM ends daemon and control plane with 0 in under two seconds, and orphans are reaped", async () => {
    const node = await runContainer({
      options: [...site.nodeOptions, "--tmpfs", "/tmp", "-e", "JITNODE_STATE_DIR=/tmp/jitnode"],
    });
    await node.until("jitnode", "health", "--live");
    expect((await node.exec("sh", "-c", "tr '\\0' ' ' </proc/1/cmdline")).stdout).toMatch(/^\/usr\/bin\/tini /);
    // Its parent ends first, so PID 1 inherits it.
    await node.exec("sh", "-c", "(sleep 0.3; exit 3) & exit 0");
    const zombies = "grep -l '^State:.Z' /proc/[0-9]*/status; grep -l 'sleep' /proc/[0-9]*/comm; true";
    const left = await poll(async () => {
      const { stdout } = await node.exec("sh", "-c", zombies);
      return stdout === "" ? stdout : undefined;
    }, 10_000);
    expect(left).toBe("");

    const volume = await createVolume();
    const control = await runContainer({
      options: ["-v", `${volume}:/var/lib/jitnode-control`],
      args: ["control"],
    });
    await control.until("jitnode-healthcheck");
    for (const container of [node, control]) {
      const before = Date.now();
      await dockerDoes(["kill", "--signal", "TERM", container.name]);
      expect(await container.wait()).toBe(0);
      // When it ended, not when the engine said so.
      const finished = await dockerDoes(["inspect", "--format", "{{.State.FinishedAt}}", container.name]);
      expect(asTime(finished) - before, container.name).toBeLessThan(2_000);
    }
  });

  test("its health check asks what PID 1 started; a control plane that is away is said and not judged", async () => {
    const volume = await createVolume();
    const options = ["-p", "127.0.0.1::7070", "-v", `${volume}:/var/lib/jitnode-control`];
    const control = await runContainer({ options, args: ["control"] });
    expect((await control.until("jitnode-healthcheck")).stdout).toContain('"live":true');
    const { code, stdout } = await control.exec("jitnode-control", "health");
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('"ready":true') });

    // A node of it, in its network as compose has it; then the control plane stops answering.
    const state = await createVolume();
    const [link] = await control.waitForLog(/http\S+\/set-up\/\S+/);
    const url = (await dockerDoes(["port", control.name, "7070/tcp"])).split("\n")[0] ?? "";
    const bob = await openAccount(`http://127.0.0.1:${url.slice(url.lastIndexOf(":") + 1)}`, link, "bob");
    const node = await runContainer({
      options: [
        ...["--network", `container:${control.name}`, "-v", `${state}:/var/lib/jitnode`],
        ...["-e", "JITNODE_SERVER=http://localhost:7070"],
      ],
    });
    await bob.approve(await shownBy(node), newOrganization("healthy"));
    await reach(node, { state: "bound", connection: "connected" });
    expect(await healthcheck(node)).toMatchObject({ code: 0, stdout: "live\n" });
    await dockerDoes(["kill", "--signal", "KILL", control.name]);
    await reach(node, { state: "bound", connection: "unreachable" });
    expect(await healthcheck(node)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("the control plane cannot be reached"),
    });
    // And a daemon that is gone is not healthy.
    const none = await runContainer({ options: ["--entrypoint", "sleep"], args: ["60"] });
    expect((await healthcheck(none)).code).toBe(1);
  });
});

describe("the control plane in a container", () => {
  test("is backed up while it serves, and restored with the same image", async () => {
    const file = "/var/lib/jitnode-control/backup.db";
    const { code, stdout, stderr } = await site.control.exec("jitnode-control", "backup", file);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`Backup written: ${file}`) });
    expect(stderr).toContain("is not in it");
    const volume = ["-v", `${site.volume}:/var/lib/jitnode-control`];
    const running = await runOnce(volume, ["control", "restore", file]);
    expect(running).toMatchObject({ code: 6, stderr: expect.stringContaining("control_plane_running") });
    await dockerDoes(["stop", site.control.name]);
    expect(await runOnce(volume, ["control", "restore", file])).toMatchObject({ code: 0 });
    await dockerDoes(["start", site.control.name]);
    await site.control.until("jitnode-healthcheck");
    expect((await docker(["logs", site.control.name])).stderr).toContain("control plane listens");
  });
});
