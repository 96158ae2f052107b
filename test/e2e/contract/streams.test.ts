// Programs whose standard streams are not there: started by a supervisor that closes them, or piped into something that
// has stopped reading.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { reach } from "../../integration/daemon/daemon-client.js";
import { checkout } from "../../support/checkout.js";
import { freePort, startControl, startDaemon, startProgram, waitUntil, type Daemon } from "../../support/programs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { resultOf } from "../cli-site.js";

let daemon: Daemon;
let server: string;

beforeAll(async () => {
  server = (await startControl({ scope: "file" })).url;
  daemon = await startDaemon({ scope: "file", server });
});

/** `redirection` as a shell writes it, for the program alone. */
const start = (
  program: "jitnode" | "jitnoded" | "jitnode-control",
  args: readonly string[],
  redirection: string,
  env: Readonly<Record<string, string | undefined>>,
) =>
  startProgram({
    name: `${program} ${redirection}`,
    command: "/bin/sh",
    args: ["-c", `"$@" ${redirection}`, "sh", process.execPath, join(checkout(), "bin", `${program}.js`), ...args],
    env,
  });

test("control plane and daemon serve without standard input, and without any stream at all", async () => {
  for (const redirection of ["<&-", "<&- >&- 2>&-"]) {
    const port = await freePort();
    const url = `http://127.0.0.1:${String(port)}`;
    const control = start("jitnode-control", ["serve"], redirection, {
      JITNODE_CONTROL_LISTEN: `127.0.0.1:${String(port)}`,
      JITNODE_CONTROL_METRICS_LISTEN: `127.0.0.1:${String(await freePort())}`,
      JITNODE_CONTROL_DATA_DIR: temporaryFolder(),
    });
    const answers = async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.status === 200;
    await waitUntil(control, answers);
    const stateDir = temporaryFolder();
    const socket = join(stateDir, "jitnoded.sock");
    const node = start("jitnoded", [], redirection, {
      JITNODE_STATE_DIR: stateDir,
      JITNODE_SOCKET: socket,
      JITNODE_SERVER: url,
    });
    await reach({ socket }, { state: "pending" });
    for (const program of [node, control]) program.signalGroup("SIGTERM");
    await Promise.all([node.exited, control.exited]);
  }
});

test.each([
  [["status", "--json"], 0, /"state":"/],
  [["activate", "--json"], 2, /"code":"org_choice_needed"/],
  [["activate", "--json", "--binding-code-file", "-"], 2, /"code":"input_needed"/],
  [["login", "--json", "--no-input"], 4, /"code":"sign_in_needed"/],
  [["org", "list", "--json"], 4, /"code":"sign_in_needed"/],
  [["node", "unbind", "--json"], 3, /"code":"not_bound"/],
])("jitnode %j with closed standard input asks nothing and waits for nobody: exit %i", async (args, code, printed) => {
  const result = await resultOf(start("jitnode", args, "<&-", daemon.cliEnv));
  expect(result.stdout).toMatch(printed);
  expect(result.code).toBe(code);
});

test.each([[["status"]], [["status", "--json"]], [["--help"]], [["completion", "bash"]]])(
  "jitnode %j into a pipe that nobody reads ends quietly",
  async (args) => {
    const result = await resultOf(start("jitnode", args, "| true", daemon.cliEnv));
    expect(result.stderr).not.toMatch(/EPIPE|\n +at /);
  },
);
