// Without Docker: the packed package on a clean Debian root, with the settings of the systemd units.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { temporaryFolder } from "../support/temporary.js";
import { command, dockerDoes, poll, runContainer, succeed, type Container } from "./docker.js";
import { newOrganization, openAccount, publishedUrl, shownBy } from "./site.js";

const units = join(checkout(), "docker", "systemd");
const base = "node:24-bookworm-slim";

type Unit = ReadonlyMap<string, readonly string[]>;

function readUnit(name: string): Unit {
  const found = new Map<string, string[]>();
  for (const line of readFileSync(join(units, name), "utf8").split("\n")) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

const valueOf = (unit: Unit, key: string): string => unit.get(key)?.at(-1) ?? "";

/** What systemd makes before the start, and the start: user, folders, mask, environment and program of the unit. */
function startScript(unit: Unit, environment: string): string {
  const user = valueOf(unit, "User");
  const made = (key: string, parent: string): string =>
    unit.has(key)
      ? `install -d -o ${user} -g ${user} -m ${valueOf(unit, `${key}Mode`)} ${parent}/${valueOf(unit, key)}`
      : ":";
  return [
    made("StateDirectory", "/var/lib"),
    made("RuntimeDirectory", "/run"),
    `umask ${valueOf(unit, "UMask")}`,
    `exec setpriv --reuid ${user} --regid ${user} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all ` +
      `env -i PATH=/usr/local/bin:/usr/bin:/bin ${valueOf(unit, "Environment")} ${environment} ${valueOf(unit, "ExecStart")}`,
  ].join("\n");
}

const exec = async (machine: Container, script: string): Promise<string> => {
  const result = await machine.exec("sh", "-c", script);
  if (result.code !== 0) throw new Error(`${script}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
};

describe("npm i -g of the packed package", () => {
  test("on a clean Debian root, with the units' settings: bound, restarted, still bound", async () => {
    const folder = temporaryFolder();
    const packed = await succeed("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
      cwd: checkout(),
    });
    const tarball = join(folder, packed.trim().split("\n").at(-1) ?? "");
    const machine = await runContainer({
      image: base,
      options: ["-p", "127.0.0.1::7070"],
      args: ["sleep", "600"],
    });
    await dockerDoes(["cp", tarball, `${machine.name}:/jitnode.tgz`]);
    await exec(machine, "npm i -g --ignore-scripts --no-audit --no-fund /jitnode.tgz");
    // As the guide says.
    for (const user of ["jitnode", "jitnode-control"]) {
      await exec(machine, `useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${user}`);
    }
    const start = async (unit: string, environment: string): Promise<void> => {
      const script = startScript(readUnit(unit), environment);
      await exec(machine, `cat >/start-${unit} <<'END'\n${script}\nEND`);
      await dockerDoes(["exec", "-d", machine.name, "sh", "-c", `sh /start-${unit} >>/log-${unit} 2>&1`]);
    };
    const logOf = async (unit: string, what: RegExp): Promise<RegExpExecArray> => {
      const found = await poll(
        async () => what.exec((await machine.exec("cat", `/log-${unit}`)).stdout) ?? undefined,
        120_000,
      );
      if (found === undefined) throw new Error(await exec(machine, `cat /log-${unit}`));
      return found;
    };
    await start(
      "jitnode-control.service",
      "JITNODE_CONTROL_LISTEN=0.0.0.0:7070 JITNODE_CONTROL_PUBLIC_URL=http://localhost:7070",
    );
    const [link] = await logOf("jitnode-control.service", /http\S+\/set-up\/\S+/);
    const ada = await openAccount(await publishedUrl(machine), link, "ada");
    await start("jitnoded.service", "JITNODE_SERVER=http://localhost:7070");
    await logOf("jitnoded.service", /Activate this node/);
    const node: Container = { ...machine, logs: () => machine.exec("cat", "/log-jitnoded.service") };
    const shown = await shownBy({
      ...node,
      waitForLog: (what) => logOf("jitnoded.service", what),
    });
    await ada.approve(shown, newOrganization("plain"));
    await machine.until("jitnode", "wait", "--for", "connected", "--timeout", "30s");
    const status = async (): Promise<{ readonly node: { readonly id: string }; readonly state: string }> =>
      JSON.parse(await exec(machine, "jitnode status --json")) as Awaited<ReturnType<typeof status>>;
    const before = await status();
    expect(before.state).toBe("bound");
    expect(await exec(machine, "stat -c '%U %a' /var/lib/jitnode /run/jitnode /var/lib/jitnode/node.key")).toBe(
      "jitnode 700\njitnode 750\njitnode 600\n",
    );

    // `systemctl restart`: TERM, gone, started again.
    const pid =
      "for p in /proc/[0-9]*; do grep -aq jitnoded $p/cmdline 2>/dev/null && grep -q ^Name:.node $p/status && echo ${p#/proc/}; done";
    await exec(
      machine,
      `kill -TERM $(${pid}); for i in $(seq 50); do [ -z "$(${pid})" ] && exit 0; sleep 0.1; done; exit 1`,
    );
    await start("jitnoded.service", "JITNODE_SERVER=http://localhost:7070");
    await machine.until("jitnode", "wait", "--for", "connected", "--timeout", "30s");
    expect(await status()).toMatchObject({ state: "bound", node: { id: before.node.id } });
  });
});

describe("the systemd units", () => {
  const names = readdirSync(units).filter((name) => name.endsWith(".service"));

  test("systemd-analyze finds nothing wrong with them, and little exposed", async () => {
    expect(names.sort()).toEqual(["jitnode-control.service", "jitnoded.service"]);
    const files = names.map((name) => join(units, name));
    if ((await command("sh", ["-c", "command -v systemd-analyze"])).code === 0) {
      for (const file of files) {
        const verified = await command("systemd-analyze", ["verify", file]);
        // That the program is not installed on this machine is no fault of the unit.
        expect(verified.stderr.replace(/^.*(is not executable|Failed to (prepare|send)).*\n/gm, "")).toBe("");
        const security = await command("systemd-analyze", ["security", "--offline=true", "--threshold=15", file]);
        expect(security, security.stdout).toMatchObject({ code: 0 });
      }
      return;
    }
    const machine = await runContainer({ image: base, args: ["sleep", "600"] });
    await dockerDoes(["cp", units, `${machine.name}:/units`]);
    await exec(machine, "apt-get update -qq && apt-get install -y -qq --no-install-recommends systemd >/dev/null");
    for (const program of ["jitnoded", "jitnode-control"])
      await exec(machine, `ln -s /bin/true /usr/local/bin/${program}`);
    for (const name of names) {
      expect((await machine.exec("systemd-analyze", "verify", `/units/${name}`)).stderr).toBe("");
      await exec(machine, `systemd-analyze security --offline=true --threshold=15 /units/${name}`);
    }
  });
});
