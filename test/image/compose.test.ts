// docker-compose.yml as it is, with images that can be built here: the two steps of the guide, and the profile postgres.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { onEnd } from "../support/cleanup.js";
import { freePort } from "../support/ports.js";
import { temporaryFolder } from "../support/temporary.js";
import {
  command,
  containerOf,
  createVolume,
  dockerDoes,
  image,
  newName,
  runContainer,
  succeed,
  type Container,
} from "./docker.js";
import { newOrganization, openAccount, shownBy, statusOf } from "./site.js";

const root = checkout();

/** The plugin, or the older program of the same name. */
async function composeCommand(): Promise<readonly string[]> {
  return (await command("docker", ["compose", "version"])).code === 0 ? ["docker", "compose"] : ["docker-compose"];
}

/** The older program gives an engine a minute for each answer, too little for a busy one that copies whole images. */
const patience = { COMPOSE_HTTP_TIMEOUT: "170" };

async function createProject(env: Readonly<Record<string, string>>, profiles: readonly string[] = []) {
  const [file = "", ...before] = await composeCommand();
  const project = newName("p").replaceAll("-", "");
  const flags = [...before, "-p", project, ...profiles.flatMap((profile) => ["--profile", profile])];
  const run = (...args: readonly string[]): Promise<string> =>
    succeed(file, [...flags, ...args], {
      cwd: root,
      env: { ...patience, JITNODE_IMAGE: image(), ...env },
      timeout: 170_000,
    });
  // The node first: an engine may refuse to remove the container whose network another one uses.
  const down = async (...args: readonly string[]): Promise<void> => {
    await run("rm", "-s", "-f", "node");
    await run("down", "-t", "5", ...args);
  };
  onEnd(async () => void (await down("-v").catch(() => undefined)));
  return {
    run,
    down,
    container: async (service: string): Promise<Container> => {
      const [id = ""] = (await run("ps", "-q", service)).trim().split("\n");
      return containerOf(id);
    },
  };
}

const bound = (node: Container) => node.until("jitnode", "wait", "--for", "connected", "--timeout", "60s");

describe("docker compose up", () => {
  test("a control plane and a node of one URL: first account, then the node, as the guide says; both survive `down`", async () => {
    const port = await freePort();
    // The port is the same inside and outside, as 7070 is by default.
    const project = await createProject({ CONTROL_PORT: String(port) });
    await project.run("up", "-d", "--no-build");
    const control = await project.container("control");
    const [link] = await control.waitForLog(/http:\/\/localhost:7070\/set-up\/\S+/);
    await control.until("jitnode-healthcheck");
    const ada = await openAccount(`http://127.0.0.1:${port}`, link, "ada");
    const node = await project.container("node");
    const shown = await shownBy(node);
    expect(shown.link).toContain("http://localhost:7070/");
    await ada.approve(shown, newOrganization("acme"));
    await bound(node);
    const { node: before } = await statusOf(node);

    await project.down();
    await project.run("up", "-d", "--no-build");
    const again = await project.container("node");
    await bound(again);
    expect((await statusOf(again)).node.id).toBe(before.id);
  });
});

describe("the profile postgres", () => {
  test("two replicas behind a proxy: a node is bound through it, and stays connected when one of them ends", async () => {
    const images = { POSTGRES_IMAGE: "jitnode-test-postgres", PROXY_IMAGE: "jitnode-test-nginx" };
    const standIns = join(root, "test/image/stand-ins");
    for (const [target, tag] of [
      ["postgres", images.POSTGRES_IMAGE],
      ["nginx", images.PROXY_IMAGE],
    ] as const) {
      await dockerDoes(["build", "-q", "-t", tag, "--target", target, standIns], { timeout: 170_000 });
    }
    const secrets = temporaryFolder({ mode: 0o711 });
    mkdirSync(secrets, { recursive: true });
    const password = randomBytes(18).toString("hex");
    const files = {
      "control.key": `${randomBytes(32).toString("base64")}\n`,
      "postgres-password": `${password}\n`,
      "database-url": `postgres://jitnode:${password}@postgres/jitnode\n`,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(secrets, name), content, { mode: 0o644 });
    const port = await freePort();
    const env = {
      ...images,
      SECRETS_DIR: secrets,
      REPLICAS_PORT: String(port),
      REPLICAS_URL: "http://localhost:7080",
      CONTROL_PORT: String(await freePort()),
    };
    const project = await createProject(env, ["postgres"]);
    await project.run("up", "-d", "--no-build", "postgres", "control-a", "control-b", "proxy");
    const replicas = [await project.container("control-a"), await project.container("control-b")] as const;
    for (const replica of replicas) await replica.until("jitnode-control", "health");
    const set = await replicas[0].until("jitnode-control", "setup-link");
    const ada = await openAccount(`http://127.0.0.1:${port}`, set.stdout.trim(), "ada");

    const proxy = await project.container("proxy");
    const volume = await createVolume();
    const node = await runContainer({
      options: [
        ...["--network", `container:${proxy.name}`, "-v", `${volume}:/var/lib/jitnode`],
        ...["-e", "JITNODE_SERVER=http://localhost:7080"],
      ],
    });
    await ada.approve(await shownBy(node), newOrganization("replicated"));
    await bound(node);
    await dockerDoes(["stop", "-t", "5", replicas[0].name]);
    await bound(node);
    expect((await ada.browser.get("/")).status).toBe(200);

    // The guide's backup of PostgreSQL, and its restore into an empty database.
    const postgres = await project.container("postgres");
    const shell = (script: string): Promise<string> => dockerDoes(["exec", postgres.name, "sh", "-c", script]);
    await shell("pg_dump --username=jitnode --format=custom --file=/tmp/jitnode.dump jitnode");
    await dockerDoes(["stop", "-t", "5", replicas[1].name]);
    await shell("dropdb --username=jitnode --force jitnode && createdb --username=jitnode jitnode");
    await shell("pg_restore --username=jitnode --dbname=jitnode --exit-on-error /tmp/jitnode.dump");
    for (const replica of replicas) await dockerDoes(["start", replica.name]);
    for (const replica of replicas) await replica.until("jitnode-control", "health");
    // Names are looked up when nginx starts, and a container that starts again may have another address.
    await dockerDoes(["exec", proxy.name, "nginx", "-s", "reload"]);
    // By itself it asks again later and later, up to half a minute.
    await dockerDoes(["restart", node.name]);
    await bound(node);
  });
});
