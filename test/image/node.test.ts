// A node in a container, from its first start to the next container on the same volume, and its control plane's backup.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openProgram, keys } from "../e2e/terminal.js";
import { temporaryFolder } from "../support/temporary.js";
import { createVolume, docker, dockerDoes, newName, poll, runContainer, type Container } from "./docker.js";
import { newOrganization, shownBy, startSite, statusOf, type Site, type Status } from "./site.js";

/** Told by the program itself: asking again and again from outside costs a start of it each time. */
async function connected(node: Container): Promise<Status> {
  await node.until("jitnode", "wait", "--for", "connected", "--timeout", "60s");
  return await statusOf(node);
}

const healthcheck = (container: Container) => container.exec("jitnode-healthcheck");

/** RFC 3339 or Go's own form, "2026-11-22 20:00:00.123456789 +0000 UTC". */
const asTime = (text: string): number =>
  Date.parse(text.replace(/^(\S+) (\d\d:\d\d:\d\d\.\d{0,3})\d* \+0000 UTC$/, "$1T$2Z"));

/** SIGTERM to PID 1: its exit code, and the milliseconds until it had ended, not until the engine said so. */
async function terminate(container: Container): Promise<{ readonly code: number; readonly took: number }> {
  const before = Date.now();
  await dockerDoes(["kill", "--signal", "TERM", container.name]);
  const code = await container.wait();
  const finished = await dockerDoes(["inspect", "--format", "{{.State.FinishedAt}}", container.name]);
  return { code, took: asTime(finished) - before };
}

// One site, and one node that goes through all of it: each test goes on where the one before has left them.
let site: Site;
let node: Container;
let bound: Status;
beforeAll(async () => {
  site = await startSite();
});

describe("a node in a container", () => {
  test("the log shows link, code, number and QR; after approval it is bound; the next container on the volume is the same node", async () => {
    const volume = await createVolume("file");
    const name = newName("node");
    const options = [...site.nodeOptions, "-v", `${volume}:/var/lib/jitnode`];
    const first = await runContainer({ name, options, scope: "file" });
    const shown = await shownBy(first);
    const { stdout } = await first.logs();
    expect(shown.link).toContain(site.server);
    expect(stdout).toMatch(/[█▀▄]{10}/);
    expect(stdout).not.toContain("WARNING");
    // Not activated is healthy, and said.
    expect(await healthcheck(first)).toMatchObject({ code: 0, stdout: expect.stringContaining("not activated") });

    await site.ada.approve(shown, newOrganization("first"));
    bound = await connected(first);
    expect(bound.binding?.organization.id).toBe("first");
    expect(bound.warnings.map(({ code }) => code)).toEqual(["insecure_http"]);
    const printed = (await first.logs()).stdout;
    expect(printed).toContain("Activate this node");

    await dockerDoes(["rm", "-f", name]);
    node = await runContainer({ name, options, scope: "file" });
    const status = await connected(node);
    expect(status.node.id).toBe(bound.node.id);
    expect(status.binding?.binding_id).toBe(bound.binding?.binding_id);
    expect((await node.logs()).stdout).not.toContain("Activate this node");
    expect(await healthcheck(node)).toMatchObject({ code: 0, stdout: "live\n" });
  });

  test("docker exec -it … jitnode activate asks at the terminal; then again, with a binding code from /run/secrets", async () => {
    const volume = await createVolume();
    const secrets = temporaryFolder({ mode: 0o755 });
    const second = await runContainer({
      options: [...site.nodeOptions, "-v", `${volume}:/var/lib/jitnode`, "-v", `${secrets}:/run/secrets:ro`],
    });
    await second.until("jitnode", "status");
    const inTerminal = (...args: readonly string[]) => {
      const env = { DOCKER_HOST: process.env["DOCKER_HOST"], PATH: process.env["PATH"] };
      const terminal = openProgram("docker", ["exec", "-it", second.name, "jitnode", ...args], {
        env,
        home: temporaryFolder(),
      });
      const approve = async (): Promise<void> => {
        const link = (await terminal.waitFor(/Link\s+(\S+)/))[1] ?? "";
        const code = (await terminal.waitFor(/Code\s+(\S+)/))[1] ?? "";
        const number = (await terminal.waitFor(/Number\s+(\d\d)/))[1] ?? "";
        await site.ada.approve({ link, code, number });
      };
      return { terminal, approve };
    };
    const { terminal, approve } = inTerminal("activate");
    await approve();
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

    const login = inTerminal("login");
    await login.approve();
    expect(await login.terminal.exited).toBe(0);
    const bindingCode = await second.exec("jitnode", "org", "code", "--org", "first");
    expect(bindingCode, bindingCode.stderr).toMatchObject({ code: 0 });
    writeFileSync(join(secrets, "binding-code"), bindingCode.stdout);
    chmodSync(join(secrets, "binding-code"), 0o444);
    expect(await second.exec("jitnode", "node", "unbind", "--yes")).toMatchObject({ code: 0 });
    const withCode = ["-e", "JITNODE_BINDING_CODE_FILE=/run/secrets/binding-code", second.name];
    expect(await docker(["exec", ...withCode, "jitnode", "activate", "--no-input"])).toMatchObject({ code: 0 });
    expect(await statusOf(second)).toMatchObject({ state: "bound", binding: { organization: { id: "first" } } });
  });

  test("orphans are reaped; SIGTERM ends it with 0 in under two seconds, and started again it is still bound", async () => {
    expect((await node.exec("sh", "-c", "tr '\\0' ' ' </proc/1/cmdline")).stdout).toMatch(/^\/usr\/bin\/tini /);
    // Its parent ends first, so PID 1 inherits it.
    await node.exec("sh", "-c", "(sleep 0.3; exit 3) & exit 0");
    const zombies = "grep -l '^State:.Z' /proc/[0-9]*/status; grep -l 'sleep' /proc/[0-9]*/comm; true";
    const left = await poll(async () => {
      const { stdout } = await node.exec("sh", "-c", zombies);
      return stdout === "" ? stdout : undefined;
    }, 10_000);
    expect(left).toBe("");

    const { code, took } = await terminate(node);
    expect(code).toBe(0);
    expect(took).toBeLessThan(2_000);
    await dockerDoes(["start", node.name]);
    await node.until("jitnode", "status");
    expect((await connected(node)).node.id).toBe(bound.node.id);
  });
});

describe("its control plane in a container", () => {
  test("is live and ready by its own program", async () => {
    expect((await healthcheck(site.control)).stdout).toContain('"live":true');
    expect(await site.control.exec("jitnode-control", "health")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"ready":true'),
    });
  });

  test("is backed up while it serves, ends in under two seconds, is restored with the same image, and the node goes on", async () => {
    const file = "/var/lib/jitnode-control/backup.db";
    const { code, stdout, stderr } = await site.control.exec("jitnode-control", "backup", file);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`Backup written: ${file}`) });
    expect(stderr).toContain("is not in it");
    // While it serves, refused.
    const restore = await runContainer({
      options: ["-v", `${site.volume}:/var/lib/jitnode-control`],
      args: ["control", "restore", file],
    });
    expect(await restore.wait()).toBe(6);
    expect((await restore.logs()).stderr).toContain("control_plane_running");

    const ended = await terminate(site.control);
    expect(ended.code).toBe(0);
    expect(ended.took).toBeLessThan(2_000);
    // A node whose control plane is away is healthy, and says so.
    const away = await poll(async () => {
      const { code, stdout } = await healthcheck(node);
      expect(code).toBe(0);
      return stdout.includes("the control plane cannot be reached") ? stdout : undefined;
    }, 60_000);
    expect(away).toBeDefined();

    await dockerDoes(["start", restore.name]);
    expect(await restore.wait()).toBe(0);
    expect((await restore.logs()).stdout).toContain(`Restored: ${file}`);
    await dockerDoes(["start", site.control.name]);
    await site.control.until("jitnode-healthcheck");
    await site.control.waitForLog(/control plane listens[^]*control plane listens/);
    // By itself it asks again later and later, up to half a minute; test/e2e/backup.test.ts waits for that.
    await dockerDoes(["restart", node.name]);
    expect((await connected(node)).binding).toEqual(bound.binding);
  });
});
