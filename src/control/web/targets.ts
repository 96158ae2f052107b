// Where a sign-in may lead back to: a closed list of places of our own, so that no link can send anybody elsewhere.

import { asUserCode, formatCode } from "../../domain/codes.js";

const places =
  /^\/(?:|activate|account|orgs\/(?:new|join)|orgs\/[a-z][a-z0-9-]{1,38}[a-z0-9](?:\/(?:members|nodes|activity))?)$/;

/** A path of ours with its query, or undefined. */
export function asTarget(input: string | undefined): string | undefined {
  if (input !== undefined && places.test(input)) return input;
  const code = asUserCode(/^\/activate\?code=([A-Z-]{8,9})$/.exec(input ?? "")?.[1] ?? "");
  return code === undefined ? undefined : activationTarget(formatCode(code));
}

/** The form that has this code filled in; any other text is left out. */
export function activationTarget(typed: string | undefined): string {
  const code = asUserCode(typed ?? "");
  return code === undefined ? "/activate" : `/activate?code=${formatCode(code)}`;
}
