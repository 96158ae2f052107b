// `status --json` without the rest of the program: one request, and the daemon's answer as it came, if it looks like one.

import { readEnvironment } from "../../platform/environment.js";
import { sendLocal } from "../../platform/local-http.js";
import { socketCandidates } from "../../platform/paths.js";
import { toJson } from "../output/json.js";

/** `localHost` of protocol/local: the schemas there cost a fifth of the time this command may take. */
const host = "jitnoded";

/** False: nothing was printed, since the answer was not a plain success. */
export async function printStatus(): Promise<boolean> {
  for (const socket of socketCandidates(readEnvironment())) {
    const answer = await sendLocal({ socket, host, method: "GET", path: "/v1/status" });
    if (answer.kind === "failure" && answer.reason === "absent") continue;
    if (answer.kind === "failure" || answer.status !== 200) return false;
    const status = asStatus(answer.body);
    if (status === undefined) return false;
    process.stdout.write(`${toJson(status)}\n`);
    return true;
  }
  return false;
}

const states: ReadonlySet<unknown> = new Set(["unbound", "pending", "bound"]);

/** The members that scripts cannot do without. What fails here is looked at again, and refused, by the whole schema. */
function asStatus(body: string): object | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { state, connection, node, binding } = value as Readonly<Record<string, unknown>>;
  const isWhole = states.has(state) && typeof connection === "string" && typeof node === "object" && node !== null;
  return isWhole && (state === "bound") === (typeof binding === "object" && binding !== null) ? value : undefined;
}
