// What came back with the browser where a provider has no library for it (RFC 6749 section 4.1.2).

import { JitnodeError } from "../../protocol/errors.js";
import { failed } from "./http.js";
import { ofCallback } from "./oidc/faults.js";

/** The code. `state` is compared before anything is looked up; here only that there is one of each. */
export function codeOf(callback: URLSearchParams): string {
  for (const name of ["code", "state", "error"]) {
    if (callback.getAll(name).length > 1) throw failed(`it sent the browser back with ${name} twice`);
  }
  const error = callback.get("error");
  if (error !== null) throw ofCallback(error, callback.get("error_description") ?? undefined);
  const code = callback.get("code") ?? "";
  // WeChat's way of saying that the person declined, where it says it at all.
  if (code === "") throw new JitnodeError("sign_in_declined", { log: { reason: "there is no code" } });
  return code;
}
