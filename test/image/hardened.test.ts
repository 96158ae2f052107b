// Containers with less than usual: without a volume, without rights, as another user, with secrets as files.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { settings } from "../../src/config/settings.js";
import { signInSettings } from "../../src/config/sign-ins.js";
import { temporaryFolder } from "../support/temporary.js";
import { createVolume, dockerDoes, image, runContainer, runOnce } from "./docker.js";
import { shownBy, startSite, statusOf, type Site } from "./site.js";

const hardened = [
  "--read-only",
  "--tmpfs",
  "/run",
  "--cap-drop",
  "ALL",
  "--security-opt",
  "no-new-privileges",
] as const;
const inMemory = ["--tmpfs", "/tmp", "-e", "JITNODE_STATE_DIR=/tmp/jitnode"] as const;
const volumeAt = (volume: string): readonly string[] => ["-v", `${volume}:/var/lib/jitnode`];

let site: Site;
beforeAll(async () => {
  site = await startSite();
});

describe("without a volume", () => {
  test("a loud warning comes before the activation, in the log and in the status", async () => {
    const node = await runContainer({ options: site.nodeOptions });
    await shownBy(node);
    const { stdout, stderr } = await node.logs();
    expect(stdout.indexOf("WARNING: this node's identity would be lost with its container.")).toBeGreaterThan(-1);
    expect(stdout.indexOf("WARNING")).toBeLessThan(stdout.indexOf("Activate this node"));
    expect(stdout).toContain("docker run -v jitnode:/var/lib/jitnode");
    expect(stderr).toContain("state directory on a container's writable layer");
    expect((await statusOf(node)).warnings.map(({ code }) => code)).toContain("state_on_container_layer");
  });

  test("a tmpfs is no volume", async () => {
    const node = await runContainer({ options: [...site.nodeOptions, ...inMemory] });
    await shownBy(node);
    expect((await node.logs()).stdout).toContain("in the container's memory (tmpfs)");
  });
});

describe("read-only, without capabilities and new privileges", () => {
  test("a node waits for its activation", async () => {
    const volume = await createVolume();
    const node = await runContainer({ options: [...site.nodeOptions, ...hardened, ...volumeAt(volume)] });
    await shownBy(node);
    expect((await node.exec("jitnode-healthcheck")).code).toBe(0);
    expect((await node.exec("touch", "/opt/jitnode/x")).code).not.toBe(0);
    expect((await node.logs()).stdout).not.toContain("WARNING");
  });

  test("a control plane serves", async () => {
    const volume = await createVolume();
    const options = [...hardened, "-v", `${volume}:/var/lib/jitnode-control`];
    const control = await runContainer({ options, args: ["control"] });
    await control.waitForLog(/\/set-up\//);
    await control.until("jitnode-healthcheck");
  });
});

describe("as another user", () => {
  const uid = "12345:23456";

  test("with a state directory that is this user's, it runs", async () => {
    const volume = await createVolume();
    await dockerDoes([
      ...["run", "--rm", "--user", "0", ...volumeAt(volume), "--entrypoint", "chown"],
      ...[image(), "-R", uid, "/var/lib/jitnode"],
    ]);
    const node = await runContainer({
      options: [...site.nodeOptions, ...hardened, "--user", uid, ...volumeAt(volume)],
    });
    await shownBy(node);
    expect((await node.exec("jitnode-healthcheck")).code).toBe(0);
  });

  test("with one in memory, it runs", async () => {
    const options = [...site.nodeOptions, ...hardened, "--user", uid, ...inMemory];
    const node = await runContainer({ options });
    await shownBy(node);
    expect((await node.exec("jitnode-healthcheck")).code).toBe(0);
  });

  test.each([
    ["daemon", "/var/lib/jitnode"],
    ["control", "/var/lib/jitnode-control"],
  ])("with a volume that it cannot write, the %s ends with 1, uid, owner and the exact chown", async (what, folder) => {
    const volume = await createVolume();
    const mount = ["-v", `${volume}:${folder}`];
    // The first use gives the new volume to the image's own user.
    await runOnce([...mount, "--entrypoint", "true"], []);
    const { code, stderr } = await runOnce([...mount, "--user", uid], [what]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${folder} cannot be written by uid 12345: it belongs to uid 7070, gid 7070 (mode 0700).`);
    const [, chown = ""] = /Run `(chown [^`]+)` as root/.exec(stderr) ?? [];
    expect(chown).toBe(`chown -R ${uid} ${folder}`);
    // And it is the right one.
    const [command = "", ...args] = chown.split(" ");
    await dockerDoes(["run", "--rm", "--user", "0", ...mount, "--entrypoint", command, image(), ...args]);
    const container = await runContainer({ options: [...mount, "--user", uid], args: [what] });
    await container.until("jitnode-healthcheck");
  });
});

describe("secrets as files", () => {
  const all = [
    ...Object.values(settings).filter((setting) => "secret" in setting || setting.variable.endsWith("KEY_FILE")),
    ...Object.values(signInSettings).filter((setting) => "secret" in setting),
  ].map(({ variable }) => variable);

  test("these are the secrets there are; each can be a file in /run/secrets, mode 0444 and root's", async () => {
    expect(all.sort()).toEqual([
      "JITNODE_CONTROL_DATABASE_URL",
      "JITNODE_CONTROL_KEY_FILE",
      "JITNODE_CONTROL_SIGNIN_<NAME>_CLIENT_SECRET",
      "JITNODE_CONTROL_TLS_KEY_FILE",
    ]);
    const secrets = temporaryFolder({ mode: 0o755 });
    const write = (name: string, content: string): void => {
      writeFileSync(join(secrets, name), content);
      chmodSync(join(secrets, name), 0o444);
    };
    write("control.key", `${randomBytes(32).toString("base64")}\n`);
    write("github", "a client secret\n");
    const volume = await createVolume();
    const mounts = ["-v", `${secrets}:/run/secrets:ro`, "-v", `${volume}:/var/lib/jitnode-control`];
    const settingsOf = (values: Readonly<Record<string, string>>): readonly string[] =>
      Object.entries(values).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const control = await runContainer({
      options: [
        ...hardened,
        ...mounts,
        ...settingsOf({
          JITNODE_CONTROL_KEY_FILE: "/run/secrets/control.key",
          JITNODE_CONTROL_SIGNIN_HUB_TYPE: "github",
          JITNODE_CONTROL_SIGNIN_HUB_CLIENT_ID: "id",
          JITNODE_CONTROL_SIGNIN_HUB_CLIENT_SECRET_FILE: "/run/secrets/github",
        }),
      ],
      args: ["control"],
    });
    await control.until("jitnode-healthcheck");
    expect((await control.exec("ls", "/var/lib/jitnode-control")).stdout).not.toContain("control.key");

    // The database's URL comes from its file, too: the address in the error is the file's.
    write("database-url", "postgres://jitnode:secret-word@127.0.0.1:1/jitnode\n");
    const refused = await runOnce(
      [
        ...mounts,
        ...settingsOf({
          JITNODE_CONTROL_KEY_FILE: "/run/secrets/control.key",
          JITNODE_CONTROL_DATABASE_URL_FILE: "/run/secrets/database-url",
        }),
      ],
      ["control"],
    );
    expect(refused).toMatchObject({ code: 7, stderr: expect.stringContaining("ECONNREFUSED") });
    expect(refused.stderr).not.toContain("secret-word");
  });

  test("one that cannot be read, and a variable beside its file, are refused by name", async () => {
    const secrets = temporaryFolder({ mode: 0o755 });
    mkdirSync(join(secrets, "folder"));
    const mount = ["-v", `${secrets}:/run/secrets:ro`];
    const missing = await runOnce([...mount, "-e", "JITNODE_CONTROL_DATABASE_URL_FILE=/run/secrets/none"], ["control"]);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain("JITNODE_CONTROL_DATABASE_URL_FILE cannot be read");
    const both = ["-e", "JITNODE_CONTROL_DATABASE_URL=postgres://x/y", "-e", "JITNODE_CONTROL_DATABASE_URL_FILE=/x"];
    expect((await runOnce(both, ["control"])).stderr).toContain("Both JITNODE_CONTROL_DATABASE_URL and");
  });
});
