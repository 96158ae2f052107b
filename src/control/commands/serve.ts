// `jitnode-control serve`: runs until SIGTERM or SIGINT, then ends with 0.

import { isLoopbackHost } from "../../config/read.js";
import { unknownSettings } from "../../config/unknown.js";
import { exitCodes } from "../../protocol/exit-codes.js";
import { createClock, toDate } from "../../platform/clock.js";
import { createRandom } from "../../platform/random.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext } from "../context.js";
import { createSetupLink } from "../services/links.js";
import { startControl } from "../start.js";
import type { Command, CommandInput } from "./command.js";

export const command: Command = {
  name: "serve",
  describe: "Run the control plane.",
  options: [],
  async run(input) {
    const log = input.log();
    for (const { variable, near } of unknownSettings(input.environment, "control")) {
      log.warn("unknown setting ignored", { variable, did_you_mean: near });
    }
    const publicUrl = new URL(input.config().publicUrl);
    if (publicUrl.protocol === "http:" && !isLoopbackHost(publicUrl.hostname)) {
      log.warn("the public URL has no TLS: nodes and terminals refuse it without JITNODE_ALLOW_HTTP", {
        public_url: publicUrl.origin,
      });
    }
    let fatal: unknown;
    const ended = new AbortController();
    const stop = (): void => ended.abort();
    input.signal.addEventListener("abort", stop, { once: true });
    if (input.signal.aborted) stop();
    const running = await startControl({
      config: input.config(),
      clock: createClock(),
      random: createRandom(),
      log,
      signal: input.signal,
      onFatal: (error) => {
        fatal = error;
        stop();
      },
    }).catch((error: unknown) => {
      if (error instanceof JitnodeError && error.code === "interrupted") return undefined;
      throw error;
    });
    if (running === undefined) return exitCodes.done;
    try {
      await offerSetup(running.context, input);
      await new Promise<void>((resolve) => {
        if (ended.signal.aborted) resolve();
        else ended.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      log.info("control plane stops");
    } finally {
      await running.close();
    }
    if (fatal !== undefined) throw fatal;
    return exitCodes.done;
  },
};

/** While there is no account: where the first one is made. The link stands in no log line. */
async function offerSetup(context: ControlContext, input: CommandInput): Promise<void> {
  try {
    const link = await createSetupLink(context);
    input.print("");
    input.print("There is no account yet. Make the first one with this link, once:");
    input.print("");
    input.print(`  ${link.url}`);
    input.print("");
    input.print(
      `It works until ${toDate(link.expiresAt)}; \`jitnode-control setup-link\` prints another one, and this one ends.`,
    );
    input.print("");
    context.log.info("set-up link printed");
  } catch (error) {
    if (!(error instanceof JitnodeError && error.code === "set_up_done")) throw error;
  }
}
