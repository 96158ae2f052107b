// The questions about a new organization: name, and an ID suggested from it.

import { asOrganizationId, checkNewOrganizationId } from "../domain/ids.js";
import { asName } from "../domain/names.js";
import { errorRegistry } from "../protocol/errors.js";
import type { Context } from "./context.js";
import { line, type Line } from "./output/line.js";

export const askOrganizationName = (context: Context, initial?: string): Promise<string> =>
  context.prompts.text(line`Name of the new organization`, {
    ...(initial === undefined ? {} : { initial }),
    validate: (typed) => (asName(typed) === undefined ? line`${errorRegistry.org_name_invalid.hint}` : undefined),
  });

export function askOrganizationId(context: Context, name: string, initial = suggestId(name)): Promise<string> {
  return context.prompts.text(line`Its ID, fixed for life`, {
    ...(initial === undefined ? {} : { initial }),
    validate: refuseId,
  });
}

function refuseId(typed: string): Line | undefined {
  const check = checkNewOrganizationId(typed);
  if (check.ok) return undefined;
  const { message, hint } = errorRegistry[check.reason];
  return line`${message} ${hint}`;
}

/** "Größe & Söhne GmbH" → "grosse-sohne-gmbh"; undefined where too little is left. */
export function suggestId(name: string): string | undefined {
  const plain = name
    .normalize("NFKD")
    .replace(/ß/g, "ss")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return asOrganizationId(plain) !== undefined && checkNewOrganizationId(plain).ok ? plain : undefined;
}
