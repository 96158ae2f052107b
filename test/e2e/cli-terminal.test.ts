// The command line at a terminal: a real pseudo-terminal, a real control plane, a real daemon.
import { beforeAll, describe, expect, test } from "vitest";
import { runCli, startDaemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { startSite, type CliSite, type Person, type Shown } from "./cli-site.js";
import { keys, openTerminal, type Terminal } from "./terminal.js";

let site: CliSite;
let ada: Person;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
  await ada.signIn(site.env);
});

async function readShown(terminal: Terminal): Promise<Shown> {
  const link = (await terminal.waitFor(/Link\s+(\S+)/))[1] ?? "";
  const code = (await terminal.waitFor(/Code\s+(\S+)/))[1] ?? "";
  const number = (await terminal.waitFor(/Number\s+(\d\d)/))[1] ?? "";
  return { link, code, number };
}

const statusOf = async (env: Readonly<Record<string, string | undefined>>): Promise<{ readonly state: string }> =>
  JSON.parse((await runCli(["status", "--json"], { env })).stdout) as { readonly state: string };

describe("jitnode activate", () => {
  test("asks for everything: sign-in, name, ID, agreement; and the node is bound", async () => {
    const daemon = await startDaemon({ server: site.control.url, nodeName: "kiosk" });
    const terminal = openTerminal(["activate"], { env: daemon.cliEnv, home: temporaryFolder() });
    await terminal.waitFor(/To sign in at 127\.0\.0\.1:\d+, open this link/);
    const shown = await readShown(terminal);
    await terminal.waitFor(/No QR code: the link leads to this machine only/);
    await ada.decide(shown, "Approve");
    await terminal.waitFor(/Signed in as ada/);
    await terminal.waitFor(/Node: kiosk \(JN_/);
    await terminal.waitFor(/Which organization shall this node belong to\?[^]*Create a new organization/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Name of the new organization/);
    terminal.type(`Größe Inc.${keys.enter}`);
    // The ID is suggested; it may be changed.
    await terminal.waitFor(/Its ID, fixed for life \(?grosse-inc/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Do you accept this agreement\?/);
    terminal.type(`y${keys.enter}`);
    await terminal.waitFor(/kiosk \(JN_\w+\) is bound to grosse-inc \(Größe Inc\.\)\./);
    expect(await terminal.exited).toBe(0);
    expect((await statusOf(daemon.cliEnv)).state).toBe("bound");
  });

  test("a refused answer is asked for again, and nothing is lost", async () => {
    const one = await startDaemon({ server: site.control.url });
    await ada.cli(["activate", "--create-org", "twice", "--org-name", "T", "--accept-agreement"], { env: one.cliEnv });
    const code = (await ada.cli(["org", "code"], { env: one.cliEnv })).stdout.trim();

    const two = await startDaemon({ server: site.control.url });
    const bob = await site.person("bob");
    await bob.signIn(site.env);
    const terminal = openTerminal(["activate"], { env: two.cliEnv, home: bob.home });
    for (const typed of ["BCDF-GHJK-LMNP-W", code]) {
      await terminal.waitFor(/Which organization[^]*Enter a binding code/);
      terminal.type(keys.down + keys.enter);
      await terminal.waitFor(/Binding code/);
      terminal.type(typed + keys.enter);
      if (typed !== code) await terminal.waitFor(/This binding code is not valid/);
    }
    await terminal.waitFor(/is bound to twice/);
    expect(await terminal.exited).toBe(0);
    // What is typed there is never on the screen.
    expect(terminal.text()).not.toContain(code);
  });

  test("Ctrl-C at any question ends it with 130; the node stays unbound and no session is left", async () => {
    const home = temporaryFolder();
    const daemon = await startDaemon({ server: site.control.url });
    const steps: readonly ((terminal: Terminal) => Promise<unknown>)[] = [
      (terminal) => terminal.waitFor(/Waiting for you to sign in/),
      async (terminal) => {
        await ada.decide(await readShown(terminal), "Approve");
        await terminal.waitFor(/Which organization[^]*Enter a binding code/);
      },
      async (terminal) => {
        await ada.decide(await readShown(terminal), "Approve");
        await terminal.waitFor(/Which organization[^]*Create a new organization[^]*Enter a binding code/);
        terminal.type(keys.down.repeat(8) + keys.enter);
        await terminal.waitFor(/\? (Binding code|Name of the new organization)/);
      },
    ];
    for (const step of steps) {
      const terminal = openTerminal(["activate"], { env: daemon.cliEnv, home });
      await step(terminal);
      terminal.type(keys.interrupt);
      expect(await terminal.exited, terminal.text()).toBe(130);
      expect(terminal.text()).toContain("(interrupted)");
      // The cursor, hidden by spinner and questions, is there again.
      expect(terminal.raw().lastIndexOf("\u001b[?25h")).toBeGreaterThanOrEqual(
        terminal.raw().lastIndexOf("\u001b[?25l"),
      );
      expect((await statusOf(daemon.cliEnv)).state).toBe("pending");
      expect((await runCli(["whoami"], { home, env: daemon.cliEnv })).code).toBe(4);
    }
  });

  test("--no-input asks nothing at a terminal either", async () => {
    const daemon = await startDaemon({ server: site.control.url });
    const terminal = openTerminal(["activate", "--no-input", "--org", "acme"], {
      env: daemon.cliEnv,
      home: temporaryFolder(),
    });
    expect(await terminal.exited).toBe(4);
    expect(terminal.text()).toContain("(sign_in_needed)");
  });

  test("the control plane is asked for where nobody knows one", async () => {
    const daemon = await startDaemon();
    const terminal = openTerminal(["activate"], { env: daemon.cliEnv, home: temporaryFolder() });
    await terminal.waitFor(/URL of the control plane/);
    terminal.type(`control${keys.enter}`);
    await terminal.waitFor(/Use https:/);
    terminal.type("\u0015" + site.control.url + keys.enter);
    await terminal.waitFor(/To sign in at/);
    terminal.type(keys.interrupt);
    expect(await terminal.exited).toBe(130);
  });
});

describe("what destroys", () => {
  test("asks first, and no is the answer of Enter alone", async () => {
    const daemon = await startDaemon({ server: site.control.url });
    await ada.cli(["activate", "--create-org", "asked", "--org-name", "A", "--accept-agreement"], {
      env: daemon.cliEnv,
    });
    const first = openTerminal(["node", "unbind"], { env: daemon.cliEnv, home: ada.home });
    await first.waitFor(/Unbind this node, \S+ \(JN_\w+\), from asked\?/);
    first.type(keys.enter);
    expect(await first.exited).toBe(2);
    expect((await statusOf(daemon.cliEnv)).state).toBe("bound");
    const second = openTerminal(["node", "unbind"], { env: daemon.cliEnv, home: ada.home });
    await second.waitFor(/Unbind this node/);
    second.type(`y${keys.enter}`);
    expect(await second.exited).toBe(0);
    expect((await statusOf(daemon.cliEnv)).state).toBe("unbound");
  });

  test("a member is removed by name and role, not by an ID alone", async () => {
    const env = { ...site.env, JITNODE_ORG: "by-name" };
    await ada.cli(["org", "create", "by-name", "--name", "B", "--accept-agreement"], { env });
    const stdin = (await ada.cli(["org", "code"], { env })).stdout;
    const carol = await site.person("carol");
    await carol.signIn(site.env);
    await carol.cli(["org", "join", "--binding-code-file", "-"], { env, stdin });
    const id = /^(JP_\w+) .* carol$/m.exec((await ada.cli(["org", "members"], { env })).stdout)?.[1] ?? "";
    for (const question of [
      `Remove carol (${id}), a regular member, from by-name?`,
      `${id} is not a member of by-name. Remove it all the same?`,
    ]) {
      const terminal = openTerminal(["org", "remove", id], { env, home: ada.home });
      await terminal.waitFor(new RegExp(question.replace(/[().?]/g, "\\$&")));
      terminal.type(`y${keys.enter}`);
      expect(await terminal.exited).toBe(0);
    }
    expect((await ada.cli(["org", "members"], { env })).stdout).not.toContain("carol");
  });
});

describe("on the screen", () => {
  test("colours, unless NO_COLOR is set", async () => {
    const env = { JITNODE_SOCKET: "/nowhere.sock" };
    const coloured = openTerminal(["status"], { env, home: temporaryFolder() });
    expect(await coloured.exited).toBe(7);
    expect(coloured.raw()).toContain("\u001b[31m");
    const plain = openTerminal(["status"], { env: { ...env, NO_COLOR: "1" }, home: temporaryFolder() });
    expect(await plain.exited).toBe(7);
    expect(plain.raw()).not.toContain("\u001b");
  });

  test("--watch redraws, and Ctrl-C ends it with 0", async () => {
    const daemon = await startDaemon();
    const terminal = openTerminal(["status", "--watch"], { env: daemon.cliEnv, home: temporaryFolder() });
    await terminal.waitFor(/State\s+not bound[^]*Ctrl-C ends this/);
    expect(terminal.raw()).toContain("\u001b[H\u001b[J");
    terminal.type(keys.interrupt);
    expect(await terminal.exited).toBe(0);
  });
});
