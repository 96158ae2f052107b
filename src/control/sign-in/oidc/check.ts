// Looks at an OpenID Connect issuer without signing anybody in: discovery, issuer, keys, clock, algorithms, and the
// client's credentials by an exchange of a code that nobody was given.

import type { Clock } from "../../../platform/clock.js";
import { failed, reasonOf } from "../http.js";
import type { Finding, SignInSettings } from "../provider.js";
import type { Advice } from "./advice.js";
import { tolerance, type RelyingParty } from "./relying-party.js";

export interface CheckOptions {
  readonly settings: SignInSettings;
  readonly clock: Clock;
  readonly advice: Advice;
  readonly redirectUri: string;
}

export async function checkRelyingParty(party: RelyingParty, options: CheckOptions): Promise<readonly Finding[]> {
  const { advice, clock, redirectUri } = options;
  const findings: Finding[] = [];
  try {
    const { issuer, date, ...document } = await party.discover();
    findings.push({ kind: "right", text: `reachable, and its issuer is ${issuer}` });
    findings.push(clockFinding(date, clock.now(), advice.clock));
    const { keys } = await party.keys();
    findings.push(
      keys.length > 0
        ? { kind: "right", text: `${String(keys.length)} public key${keys.length === 1 ? "" : "s"}` }
        : { kind: "wrong", text: `there is no key at ${document.jwks_uri}`, advice: advice.issuer },
    );
    findings.push(await credentialsFinding(party, options));
  } catch (error) {
    const unreachable = error instanceof Error && "code" in error && error.code === "sign_in_provider_unreachable";
    findings.push({ kind: "wrong", text: reasonOf(error), advice: unreachable ? advice.network : advice.issuer });
  }
  findings.push(callbackFinding(redirectUri, advice.callback));
  return findings;
}

/** An answer's date is of whole seconds and some moments old. */
export function clockFinding(date: number | undefined, now: number, advice: string): Finding {
  if (date === undefined) return { kind: "unknown", text: "it does not tell its time" };
  const seconds = Math.round((now - date) / 1000);
  if (Math.abs(seconds) <= tolerance) return { kind: "right", text: "the clocks agree" };
  const text = `this machine's clock is ${String(Math.abs(seconds))} seconds ${seconds > 0 ? "ahead" : "behind"}`;
  return { kind: "wrong", text, advice };
}

/** Which callback URLs are registered, no provider says to anybody but a browser. */
export const callbackFinding = (redirectUri: string, advice: string): Finding => ({
  kind: "unknown",
  text: `the callback URL is ${redirectUri}`,
  advice,
});

/** A code of nobody's: `invalid_grant` says that the credentials were right, since they are looked at first. */
async function credentialsFinding(party: RelyingParty, { advice, redirectUri }: CheckOptions): Promise<Finding> {
  const answer = await party.tryCredentials(redirectUri);
  switch (answer) {
    case "invalid_grant":
      return { kind: "right", text: "client ID and secret are accepted" };
    case "invalid_client":
    case "unauthorized_client":
      return { kind: "wrong", text: `client ID or secret is not accepted (${answer})`, advice: advice.credentials };
    case undefined:
      throw failed("it exchanged a code that it never gave");
    default:
      return { kind: "unknown", text: `client ID and secret: it answered ${answer}`, advice: advice.credentials };
  }
}
