// The control plane's URL, asked for at a terminal when neither flag nor variable nor daemon knows one.

import { asServerUrl } from "../../../config/read.js";
import { errorRegistry } from "../../../protocol/errors.js";
import type { Status } from "../../../protocol/local.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";
import { openPreferences } from "../../preferences.js";

/** Undefined: the daemon's own server is used, or the daemon says that it has none. */
export async function askServer(context: Context, status: Status): Promise<string | undefined> {
  if (status.server !== null || status.activation?.state === "pending" || !context.prompts.possible) return undefined;
  const preferences = await openPreferences(context);
  const last = preferences.read("lastServer");
  const typed = await context.prompts.text(line`URL of the control plane`, {
    ...(last === undefined ? {} : { initial: last }),
    validate: (text) => (asServerUrl(text) === undefined ? line`${errorRegistry.server_invalid.hint}` : undefined),
  });
  const server = asServerUrl(typed)?.origin;
  if (server !== undefined) preferences.write("lastServer", server);
  return server;
}
