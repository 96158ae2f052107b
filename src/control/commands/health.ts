// `jitnode-control health`: asks the server on this machine, on its metrics listener; exit 0 or 1 and nothing else, as
// container health checks want it.

import type { ListenAddress } from "../../config/read.js";
import { createHttpClient } from "../../platform/http-client.js";
import { exitCodes } from "../../protocol/exit-codes.js";
import type { Command } from "./command.js";

const patience = 4_000;

export const command: Command = {
  name: "health",
  describe: "Ask the running control plane whether it is ready; exit 0 or 1.",
  options: [{ flags: "--live", describe: "Ask only whether it is alive." }],
  async run(input) {
    const path = input.options["live"] === true ? "/health/live" : "/health/ready";
    const client = createHttpClient({ direct: true });
    try {
      const url = `http://${loopbackOf(input.config().metricsListen)}${path}`;
      const answer = await client.send({ method: "GET", url, timeout: patience });
      if (answer.kind === "answer" && answer.status === 200) {
        input.print(answer.body);
        return exitCodes.done;
      }
      input.note(answer.kind === "answer" ? answer.body : `The control plane does not answer (${answer.reason}).`);
      return exitCodes.failed;
    } catch (error) {
      // Also for settings that are wrong: a health check knows two answers.
      input.note(error instanceof Error ? error.message : "The control plane does not answer.");
      return exitCodes.failed;
    } finally {
      await client.close();
    }
  },
};

/** Where a server that listens there is reached from the same machine. */
function loopbackOf({ host, port }: ListenAddress): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${reached.includes(":") ? `[${reached}]` : reached}:${String(port)}`;
}
