// Without Docker: the packed package and the systemd units on a Debian root of their own, as docs/guides/systemd.md says.
// The root is a container in which systemd is PID 1, so the units' settings are those that really hold.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { temporaryFolder } from "../support/temporary.js";
import { dockerDoes, isPodman, poll, runContainer, succeed, type Container } from "./docker.js";
import { newOrganization, openAccount, publishedUrl, shownBy, statusOf } from "./site.js";

const debian = "jitnode-test-debian";
const programs = ["jitnode-control", "jitnoded"] as const;
type Program = (typeof programs)[number];

/** What systemd needs of the container. Podman prepares the rest for it; other engines do so with all rights only. */
async function rights(): Promise<readonly string[]> {
  const common = ["--cgroupns=private", "--security-opt", "seccomp=unconfined"];
  // SYS_PTRACE: ProtectProc=invisible hides processes from whoever may not look into them, from root too.
  if (await isPodman()) return [...common, "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"];
  return [...common, "--privileged", ...["/run", "/run/lock", "/tmp"].flatMap((folder) => ["--tmpfs", folder])];
}

let machine: Container;
const sh = async (script: string): Promise<string> => {
  const result = await machine.exec("sh", "-ec", script);
  if (result.code !== 0) throw new Error(`${script}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
};

const journal = (unit: Program) => machine.exec("journalctl", "-u", unit, "-o", "cat", "--no-pager");

/** As a container's, of which the unit's journal is the log. */
const asLogged = (unit: Program): Container => ({
  ...machine,
  logs: () => journal(unit),
  waitForLog: async (what) => {
    const found = await poll(async () => what.exec((await journal(unit)).stdout) ?? undefined, 120_000);
    if (found === undefined) throw new Error(`${unit} never logged ${String(what)}\n${(await journal(unit)).stdout}`);
    return found;
  },
});

const property = async (unit: Program, name: string): Promise<string> =>
  (await sh(`systemctl show --property=${name} --value ${unit}`)).trim();

beforeAll(async () => {
  await dockerDoes(["build", "-q", "-t", debian, join(checkout(), "test/image/debian")], { timeout: 170_000 });
  const folder = temporaryFolder({ scope: "file" });
  const args = ["pack", "--ignore-scripts", "--pack-destination", folder];
  const packed = await succeed("npm", args, { cwd: checkout() });
  const options = [...(await rights()), "-p", "127.0.0.1::7070"];
  machine = await runContainer({ image: debian, options, scope: "file" });
  await machine.until("systemctl", "is-system-running");
  await dockerDoes(["cp", join(folder, packed.trim().split("\n").at(-1) ?? ""), `${machine.name}:/jitnode.tgz`]);
  await dockerDoes(["cp", join(checkout(), "docker/systemd"), `${machine.name}:/units`]);
  await sh("npm i -g --ignore-scripts --no-audit --no-fund /jitnode.tgz");
  for (const user of ["jitnode", "jitnode-control"]) {
    await sh(`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${user}`);
  }
  await sh("for unit in /units/*; do install -D -m 0644 $unit /etc/systemd/system/${unit##*/}; done");
  await sh("install -d -m 0755 /etc/jitnode");
  await sh("echo JITNODE_SERVER=http://localhost:7070 >/etc/jitnode/jitnoded.env");
  const control = ["JITNODE_CONTROL_LISTEN=0.0.0.0:7070", "JITNODE_CONTROL_PUBLIC_URL=http://localhost:7070"];
  await sh(`printf '%s\\n' ${control.join(" ")} >/etc/jitnode/control.env`);
  await sh("systemctl daemon-reload");
});

describe("the systemd units", () => {
  test.each(programs)("systemd-analyze finds nothing wrong with that of %s, and little exposed", async (program) => {
    const unit = `/etc/systemd/system/${program}.service`;
    expect(await machine.exec("systemd-analyze", "verify", unit)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    // 1.5 of 10.
    const security = await machine.exec("systemd-analyze", "security", "--offline=true", "--threshold=15", unit);
    expect(security, security.stdout).toMatchObject({ code: 0 });
  });
});

describe("npm i -g of the packed package, under systemd", () => {
  test("bound, restarted, still bound; without any right", async () => {
    await sh(`systemctl enable --now ${programs.join(" ")}`);
    const control = asLogged("jitnode-control");
    const node = asLogged("jitnoded");
    const [link] = await control.waitForLog(/http\S+\/set-up\/\S+/);
    const ada = await openAccount(await publishedUrl(machine), link, "ada");
    await ada.approve(await shownBy(node), newOrganization("plain"));
    const connected = async () => {
      await machine.until("jitnode", "wait", "--for", "connected", "--timeout", "60s");
      return await statusOf(node);
    };
    const before = await connected();
    expect(before).toMatchObject({ state: "bound", binding: { organization: { id: "plain" } } });

    expect(
      await sh("stat -c '%U %a' /var/lib/jitnode /run/jitnode /var/lib/jitnode/node.key /var/lib/jitnode-control/*.db"),
    ).toBe("jitnode 700\njitnode 750\njitnode 600\njitnode-control 600\n");
    for (const program of programs) {
      const status = await sh(`cat /proc/${await property(program, "MainPID")}/status`);
      expect(status).toMatch(/^CapEff:\t0+\n/m);
      expect(status).toMatch(/^CapBnd:\t0+\n/m);
      expect(status).toMatch(/^NoNewPrivs:\t1\n/m);
      expect(status).toMatch(/^Seccomp:\t2\n/m);
      expect(status).not.toMatch(/^Uid:\t0/m);
    }

    // Both, one after the other; then the daemon is killed, and systemd starts it again.
    for (const program of programs) {
      const pid = await property(program, "MainPID");
      await sh(`systemctl restart ${program}`);
      expect(await property(program, "MainPID")).not.toBe(pid);
      expect(await property(program, "Result")).toBe("success");
      expect((await connected()).binding).toEqual(before.binding);
    }
    await sh("systemctl kill --signal=SIGKILL jitnoded");
    await machine.until("sh", "-c", '[ "$(systemctl show --property=NRestarts --value jitnoded)" = 1 ]');
    expect(await connected()).toMatchObject({ state: "bound", node: { id: before.node.id } });
    await sh(`systemctl stop ${programs.join(" ")}`);
    for (const program of programs) expect(await property(program, "ExecMainStatus")).toBe("0");
  });
});
