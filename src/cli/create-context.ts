// Makes a command's context out of the process: the one place of the command line that knows process.stdin and so on.

import { createSettingsReader } from "../config/read.js";
import { createClock } from "../platform/clock.js";
import { readEnvironment } from "../platform/environment.js";
import type { HttpClient } from "../platform/http-client.js";
import { createRandom } from "../platform/random.js";
import type { Termination } from "../platform/signals.js";
import type { SessionStore } from "../client/session-store.js";
import type { Context } from "./context.js";
import { createOutput } from "./output/output.js";
import { loadStyle } from "./output/style.js";
import { createPrompts } from "./prompts/prompts.js";

export interface ContextFlags {
  readonly json: boolean;
  readonly mayAsk: boolean;
  readonly server: string | undefined;
  readonly org: string | undefined;
}

export async function createContext(
  flags: ContextFlags,
  termination: Termination,
  environment = readEnvironment(),
): Promise<Context> {
  const { stdin, stdout, stderr } = process;
  const clock = createClock();
  const random = createRandom();
  const { signal } = termination;
  const settings = createSettingsReader(environment, {
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...(flags.org === undefined ? {} : { org: flags.org }),
  });
  const terminal = { stdout: stdout.isTTY, stderr: stderr.isTTY };
  const wantsColours = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  // Results and notes share a style: colours only where both end at a terminal.
  const style = await loadStyle(wantsColours && terminal.stderr && (terminal.stdout || flags.json));
  const output = createOutput({ json: flags.json, stdout, stderr, clock, style });
  const prompts = createPrompts({ possible: flags.mayAsk && stdin.isTTY && stderr.isTTY, stdin, stderr, signal });
  let http: HttpClient | undefined;
  let sessions: SessionStore | undefined;

  return {
    environment,
    settings,
    output,
    prompts,
    signal,
    interruptedBy: () => termination.received(),
    clock,
    random,
    mayAsk: flags.mayAsk,
    flags: { server: flags.server, org: flags.org },
    stdin,
    terminal,
    async daemon(own = signal) {
      const [{ createDaemonClient }, { socketCandidates }] = await Promise.all([
        import("../client/daemon.js"),
        import("../platform/paths.js"),
      ]);
      return createDaemonClient({ sockets: socketCandidates(environment), signal: own });
    },
    async sessions() {
      const [{ createSessionStore }, { configFolder }] = await Promise.all([
        import("../client/session-store.js"),
        import("../platform/paths.js"),
      ]);
      sessions ??= createSessionStore({ folder: configFolder(environment), clock, signal });
      return sessions;
    },
    async http() {
      const { createHttpClient } = await import("../platform/http-client.js");
      http ??= createHttpClient({ caFile: settings.text("serverCaFile") });
      return http;
    },
    within: (other) => createContext(flags, termination, other),
    close: async () => http?.close(),
  };
}
