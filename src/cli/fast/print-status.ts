// `status --json` without the rest of the program: one request, and the daemon's answer as it came, if it is one.

import { readEnvironment } from "../../platform/environment.js";
import { sendLocal } from "../../platform/local-http.js";
import { socketCandidates } from "../../platform/paths.js";
import { localHost, status } from "../../protocol/local.js";
import { asJson } from "../../protocol/parse.js";
import { toJson } from "../output/json.js";

/** False: nothing was printed, since the answer was not a plain success. */
export async function printStatus(): Promise<boolean> {
  for (const socket of socketCandidates(readEnvironment())) {
    const answer = await sendLocal({ socket, host: localHost, method: "GET", path: "/v1/status" });
    if (answer.kind === "failure" && answer.reason === "absent") continue;
    if (answer.kind === "failure" || answer.status !== 200) return false;
    const answered = asJson(status, answer.body);
    if (answered === undefined) return false;
    process.stdout.write(`${toJson(answered)}\n`);
    return true;
  }
  return false;
}
