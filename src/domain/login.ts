// What a sign-in name and a password of a local account may be.

import type { Brand } from "./brand.js";

/** Lower case: `Ada` and `ada` are one person. */
export type LoginName = Brand<string, "LoginName">;
export type Password = Brand<string, "Password">;

export const loginNamePattern = "^[a-z0-9._@-]{2,64}$";
export const passwordLimits = { least: 10, most: 200 } as const;

const expression = new RegExp(loginNamePattern);

export const asLoginName = (input: string): LoginName | undefined =>
  expression.test(input) ? (input as LoginName) : undefined;

/** 10–200 characters (NFKC, so that every keyboard types the same one), not the sign-in name, not one character repeated. */
export function asPassword(input: string, login: string): Password | undefined {
  if (input.length > 4 * passwordLimits.most) return undefined;
  const password = input.normalize("NFKC");
  const characters = [...password];
  if (characters.length < passwordLimits.least || characters.length > passwordLimits.most) return undefined;
  if (password.toLowerCase() === login || new Set(characters).size === 1) return undefined;
  return password as Password;
}
