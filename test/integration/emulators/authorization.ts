// What an OAuth client sends, spelt out by hand: for tests of the emulators, which must not lean on our own client.
import { createHash, randomBytes } from "node:crypto";

export const callback = "http://127.0.0.1:7070/auth/callback/one";

export type Pkce = { readonly verifier: string; readonly challenge: string };

export function makePkce(): Pkce {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export const withParameters = (url: string, parameters: Readonly<Record<string, string>>): string =>
  `${url}?${new URLSearchParams(parameters).toString()}`;

export async function postForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields), redirect: "manual" });
}

export const members = async (response: Response): Promise<Record<string, unknown>> =>
  JSON.parse(await response.text()) as Record<string, unknown>;
