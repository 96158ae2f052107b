// Containers with less than usual: without a volume, without rights, as another user, with secrets as files.
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { settings } from "../../src/config/settings.js";
import { signInSettings } from "../../src/config/sign-ins.js";
import { createAuthority } from "../support/certificates.js";
import { temporaryFolder } from "../support/temporary.js";
import {
  createNetwork,
  createVolume,
  docker,
  dockerDoes,
  newName,
  runContainer,
  type Container,
  type Result,
} from "./docker.js";
import { shownBy, statusOf } from "./site.js";

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
const user = "12345:23456";

const variables = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => ["-e", `${name}=${value}`]);

/** A folder with files as engines give secrets to containers: root's, mode 0444. */
function secretsFolder(): { readonly path: string; readonly write: (name: string, content: string) => void } {
  const path = temporaryFolder({ mode: 0o755 });
  return {
    path,
    write: (name, content) => {
      writeFileSync(join(path, name), content);
      chmodSync(join(path, name), 0o444);
    },
  };
}

/** Every variable of a secret that the table of settings knows. */
const secretVariables = [
  ...Object.values(settings).filter((setting) => "secret" in setting || /(KEY|CODE)_FILE$/.test(setting.variable)),
  ...Object.values(signInSettings).filter((setting) => "secret" in setting),
].map(({ variable }) => variable);

/** A control plane with as little as possible, which serves TLS itself and has each secret as a file in /run/secrets. */
let control: Container;
let nodeOptions: readonly string[];
const secrets = secretsFolder();
const mountedSecrets = ["-v", `${secrets.path}:/run/secrets:ro`] as const;

beforeAll(async () => {
  const name = newName("control");
  const authority = createAuthority("file");
  const issued = authority.issue([name]);
  const trusted = secretsFolder();
  copyFileSync(authority.caFile, join(trusted.path, "ca.pem"));
  copyFileSync(issued.certFile, join(secrets.path, "tls.pem"));
  copyFileSync(issued.keyFile, join(secrets.path, "tls.key"));
  for (const file of [join(trusted.path, "ca.pem"), join(secrets.path, "tls.pem"), join(secrets.path, "tls.key")]) {
    chmodSync(file, 0o444);
  }
  secrets.write("control.key", `${randomBytes(32).toString("base64")}\n`);
  secrets.write("github", "a client secret\n");
  // Where nobody listens.
  secrets.write("database-url", "postgres://jitnode:secret-word@127.0.0.1:1/jitnode\n");

  const network = await createNetwork("file");
  const volume = await createVolume("file");
  const server = `https://${name}:7070`;
  control = await runContainer({
    name,
    scope: "file",
    options: [
      ...hardened,
      ...mountedSecrets,
      ...["--network", network, "-v", `${volume}:/var/lib/jitnode-control`],
      ...variables({
        JITNODE_CONTROL_PUBLIC_URL: server,
        JITNODE_CONTROL_KEY_FILE: "/run/secrets/control.key",
        JITNODE_CONTROL_TLS_CERT_FILE: "/run/secrets/tls.pem",
        JITNODE_CONTROL_TLS_KEY_FILE: "/run/secrets/tls.key",
        JITNODE_CONTROL_SIGNIN_HUB_TYPE: "github",
        JITNODE_CONTROL_SIGNIN_HUB_CLIENT_ID: "id",
        JITNODE_CONTROL_SIGNIN_HUB_CLIENT_SECRET_FILE: "/run/secrets/github",
      }),
    ],
    args: ["control"],
  });
  await control.until("jitnode-healthcheck");
  const ca = join(trusted.path, "ca.pem");
  nodeOptions = [
    ...["--network", network, "-v", `${ca}:/etc/ca.pem:ro`],
    ...variables({ JITNODE_SERVER: server, JITNODE_SERVER_CA_FILE: "/etc/ca.pem" }),
  ];
});

describe("read-only, without capabilities and new privileges", () => {
  test("a node asks for its activation at a control plane that serves TLS", async () => {
    const volume = await createVolume();
    const node = await runContainer({ options: [...nodeOptions, ...hardened, "-v", `${volume}:/var/lib/jitnode`] });
    expect((await shownBy(node)).link).toMatch(/^https:/);
    expect((await node.exec("jitnode-healthcheck")).code).toBe(0);
    for (const container of [node, control]) {
      expect((await container.exec("touch", "/opt/jitnode/x")).code).not.toBe(0);
    }
    expect((await node.logs()).stdout).not.toContain("WARNING");
    expect((await statusOf(node)).warnings).toEqual([]);
  });
});

describe("without a volume", () => {
  test("a loud warning comes before the activation, in the log and in the status", async () => {
    const node = await runContainer({ options: nodeOptions });
    await shownBy(node);
    const { stdout, stderr } = await node.logs();
    expect(stdout.indexOf("WARNING: this node's identity would be lost with its container.")).toBeGreaterThan(-1);
    expect(stdout.indexOf("WARNING")).toBeLessThan(stdout.indexOf("Activate this node"));
    expect(stdout).toContain("docker run -v jitnode:/var/lib/jitnode");
    expect(stderr).toContain("state directory on a container's writable layer");
    expect((await statusOf(node)).warnings.map(({ code }) => code)).toContain("state_on_container_layer");
  });

  test("in memory, it runs as any user, read-only, and is told that this is no volume", async () => {
    const node = await runContainer({ options: [...nodeOptions, ...hardened, "--user", user, ...inMemory] });
    await shownBy(node);
    expect((await node.logs()).stdout).toContain("in the container's memory (tmpfs)");
    expect((await node.exec("id", "-u")).stdout).toBe("12345\n");
    expect((await node.exec("jitnode-healthcheck")).code).toBe(0);
  });
});

describe("as another user", () => {
  /** Has the volumes too, and root. Their first use gives new volumes to the image's own user. */
  let operator: Container;
  let volumes: readonly string[];
  beforeAll(async () => {
    const [node, data] = [await createVolume("file"), await createVolume("file")];
    volumes = ["-v", `${node}:/var/lib/jitnode`, "-v", `${data}:/var/lib/jitnode-control`];
    const options = [...volumes, "--user", "0", "--entrypoint", "sleep"];
    operator = await runContainer({ options, args: ["600"], scope: "file" });
  });

  test.each([
    ["daemon", "/var/lib/jitnode"],
    ["control", "/var/lib/jitnode-control"],
  ])(
    "with a volume that it cannot write, the %s ends with 1, uid, owner and the exact chown, after which it runs",
    async (what, folder) => {
      const options = [...nodeOptions, ...hardened, ...volumes, "--user", user];
      const container = await runContainer({ options, args: [what] });
      expect(await container.wait()).toBe(1);
      const { stderr } = await container.logs();
      expect(stderr).toContain(
        `${folder} cannot be written by uid 12345: it belongs to uid 7070, gid 7070 (mode 0700).`,
      );
      const [, chown = ""] = /Run `(chown [^`]+)` as root/.exec(stderr) ?? [];
      expect(chown).toBe(`chown -R ${user} ${folder}`);
      // And it is the right one.
      expect((await operator.exec(...chown.split(" "))).code).toBe(0);
      await dockerDoes(["start", container.name]);
      await container.until("jitnode-healthcheck");
      if (what === "daemon") await shownBy(container);
    },
  );
});

describe("secrets as files", () => {
  test("these are the secrets there are", () => {
    // The binding code: node.test.ts. The database's URL: compose.test.ts, where there is a database. The others: here.
    expect([...secretVariables].sort()).toEqual([
      "JITNODE_BINDING_CODE_FILE",
      "JITNODE_CONTROL_DATABASE_URL",
      "JITNODE_CONTROL_KEY_FILE",
      "JITNODE_CONTROL_SIGNIN_<NAME>_CLIENT_SECRET",
      "JITNODE_CONTROL_TLS_KEY_FILE",
    ]);
  });

  test("a control plane serves with them, root's and readable by all in /run/secrets; it makes no key of its own", async () => {
    expect((await control.exec("stat", "-Lc", "%u %a", "/run/secrets/tls.key")).stdout).toBe("0 444\n");
    expect((await control.exec("ls", "/var/lib/jitnode-control")).stdout).not.toContain("control.key");
    const { stdout, stderr } = await control.logs();
    expect(stdout).toMatch(/https:\/\/\S+\/set-up\//);
    expect(stdout + stderr).not.toContain("a client secret");
  });

  test("what cannot be used is refused by name, and never shown", async () => {
    /** A start with these settings beside it, to its end. */
    const start = (values: Readonly<Record<string, string>>): Promise<Result> =>
      docker(["exec", ...variables(values), control.name, "jitnode-entrypoint", "control"]);

    const missing = await start({ JITNODE_CONTROL_DATABASE_URL_FILE: "/run/secrets/none" });
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain("JITNODE_CONTROL_DATABASE_URL_FILE cannot be read");
    const both = await start({
      JITNODE_CONTROL_DATABASE_URL: "postgres://x/y",
      JITNODE_CONTROL_DATABASE_URL_FILE: "/x",
    });
    expect(both).toMatchObject({ code: 2 });
    expect(both.stderr).toContain("Both JITNODE_CONTROL_DATABASE_URL and");
    const refused = await start({ JITNODE_CONTROL_DATABASE_URL_FILE: "/run/secrets/database-url" });
    expect(refused).toMatchObject({ code: 7, stderr: expect.stringContaining("ECONNREFUSED") });
    expect(refused.stderr).not.toContain("secret-word");
  });
});
