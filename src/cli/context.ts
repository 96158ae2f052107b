// What a command runs with: settings, output, questions, and the clients, each made when it is first needed.

import type { DaemonClient } from "../client/daemon.js";
import type { SessionStore } from "../client/session-store.js";
import type { Environment, SettingsReader } from "../config/read.js";
import type { Clock } from "../platform/clock.js";
import type { HttpClient } from "../platform/http-client.js";
import type { Random } from "../platform/random.js";
import type { Output } from "./output/output.js";
import type { Prompts } from "./prompts/prompts.js";

export interface Context {
  readonly environment: Environment;
  /** Flags before variables. */
  readonly settings: SettingsReader;
  readonly output: Output;
  readonly prompts: Prompts;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly interruptedBy: () => "SIGTERM" | "SIGINT" | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** --no-input was not given: the command may ask, or wait until somebody signs in. */
  readonly mayAsk: boolean;
  readonly flags: { readonly server: string | undefined; readonly org: string | undefined };
  readonly stdin: NodeJS.ReadStream;
  /** A terminal at stdout or, for what goes to stderr, there. */
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  daemon(signal?: AbortSignal): Promise<DaemonClient>;
  sessions(): Promise<SessionStore>;
  http(): Promise<HttpClient>;
  /** The same command under other variables; to be closed by whoever asked for it. */
  within(environment: Environment): Promise<Context>;
  close(): Promise<void>;
}
