// `jitnode dev`: control plane and daemon on this machine, bound the way a person binds them. The start-up, in order:
// lock, settings, control plane, daemon, account, sign-in, activation, env file, summary.

import { readFileIfThere, writeFileAtomic } from "../../../platform/atomic-file.js";
import { acquireLock, isLockNotWritable } from "../../../platform/process-lock.js";
import { workingFolder } from "../../../platform/environment.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes, type ExitCode } from "../../../protocol/exit-codes.js";
import { asJson } from "../../../protocol/parse.js";
import type { Command } from "../../command.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";
import { readOrMakeAccount } from "./account.js";
import { openDevFolder, placeSocket, type DevFolder } from "./folder.js";
import { becomeReady } from "./become-ready.js";
import { startProgram, waitUntilReady, type RunningProgram } from "./programs.js";
import { childEnvironment, choosePorts, devVariables, exportLines, serverOf } from "./settings.js";
import { describeSummary, secondTerminal, devSummary, type DevSummary } from "./summary.js";

export const command: Command = {
  summary: "Run control plane and daemon here, to try out and to develop",
  description:
    "Everything lies in ./.jitnode-dev: remove that folder to start afresh. At a terminal it asks for names, elsewhere it\n" +
    "takes the account dev and the organization playground. Runs until Ctrl-C; a second start beside it prints the same.",
  options: [{ name: "once", description: "End after everything was started and printed" }],
  examples: [
    { line: "npm start", says: "In a checkout" },
    { line: "npm start -- --once", says: "Does it work at all?" },
    { line: ". ./.jitnode-dev/env && npx jitnode status", says: "In a second terminal" },
  ],
  schema: "dev",
  async run(context, input) {
    try {
      return await runDev(context, input.has("once"));
    } catch (error) {
      // At a question, Ctrl-C is a key and no signal.
      const stopped = context.signal.aborted || (error instanceof JitnodeError && error.code === "interrupted");
      if (stopped && context.interruptedBy() !== "SIGTERM") return exitCodes.done;
      throw error;
    }
  },
};

async function runDev(context: Context, once: boolean): Promise<ExitCode> {
  const folder = await openDevFolder(workingFolder());
  const running = await lockOrSummary(context, folder);
  if ("server" in running) {
    context.output.result(running, () => describeSummary(running));
    context.output.note(line``, line`It runs already, from another terminal.`);
    return exitCodes.done;
  }
  const programs: RunningProgram[] = [];
  try {
    const summary = await startAll(context, folder, programs, once ? [] : secondTerminal);
    context.output.result(summary, () => describeSummary(summary));
    if (once) return exitCodes.done;
    context.output.note(line``, line`Ctrl-C ends control plane and daemon.`);
    await Promise.race([untilAborted(context.signal), ...programs.map(({ broken }) => broken)]);
    return context.interruptedBy() === "SIGTERM" ? exitCodes.terminated : exitCodes.done;
  } finally {
    // The daemon first: it says goodbye to its control plane.
    for (const { child } of programs.toReversed()) await child.stop();
    running.release();
  }
}

/** `commands`: what a second terminal may run beside it. */
async function startAll(
  context: Context,
  folder: DevFolder,
  programs: RunningProgram[],
  commands: readonly string[],
): Promise<DevSummary> {
  await writeFileAtomic(folder.summary, "");
  const account = await readOrMakeAccount(context, folder.account);
  const progress = await context.output.progress(line`Starting control plane and daemon…`);
  const ports = await choosePorts(folder);
  const socket = await placeSocket(folder, context.environment["XDG_RUNTIME_DIR"]);
  const variables = devVariables(folder, ports, socket);
  const environment = childEnvironment(context.environment, variables);
  const inside = await context.within(environment);
  try {
    const control = startProgram("jitnode-control", ["serve"], environment, folder.controlLog);
    programs.push(control);
    await waitUntilReady(context, control, () => answersOk(inside, `${serverOf(ports)}/health/live`));

    const daemon = startProgram("jitnoded", [], environment, folder.daemonLog);
    programs.push(daemon);
    const local = await inside.daemon();
    await waitUntilReady(context, daemon, () =>
      local.live().then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    progress.update(line`Signing in and activating the node…`);
    const binding = await Promise.race([
      becomeReady(inside, { server: serverOf(ports), account, environment }),
      control.broken,
      daemon.broken,
    ]);
    await writeFileAtomic(folder.environment, exportLines(variables));
    const summary = {
      server: serverOf(ports),
      account: {
        login: account.login,
        ...(account.password_chosen === true ? {} : { password: account.password }),
      },
      ...binding,
      folder: folder.path,
      environment_file: folder.environment,
      commands: [...commands],
    };
    await writeFileAtomic(folder.summary, `${JSON.stringify(summary)}\n`);
    return summary;
  } finally {
    progress.stop();
    await inside.close();
  }
}

/** The lock of this folder, or what the one that holds it has printed, once it has. */
async function lockOrSummary(context: Context, folder: DevFolder): Promise<{ release(): void } | DevSummary> {
  const deadline = context.clock.now() + patience;
  for (;;) {
    const lock = await acquireLock(folder.lock, { clock: context.clock, timeout: 0 }).catch((cause: unknown) => {
      if (!isLockNotWritable(cause)) throw cause;
      throw new JitnodeError("folder_not_writable", { message: line`${folder.lock} cannot be written.`, cause });
    });
    if (lock !== undefined) return lock;
    const summary = asJson(devSummary, (await readFileIfThere(folder.summary)) ?? "");
    if (summary !== undefined) return summary;
    if (context.signal.aborted) throw new JitnodeError("interrupted");
    if (context.clock.now() > deadline) {
      throw new JitnodeError("timed_out", {
        message: "Another `jitnode dev` holds .jitnode-dev and does not get ready.",
        hint: "End it, then start again.",
      });
    }
    await context.clock.sleep(pause, context.signal);
  }
}

const patience = 120_000;
const pause = 200;

async function answersOk(context: Context, url: string): Promise<boolean> {
  const answer = await (await context.http()).send({ method: "GET", url, timeout: 2_000, signal: context.signal });
  return answer.kind === "answer" && answer.status === 200;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
