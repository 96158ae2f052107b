// Looks at GitHub without signing anybody in. A code of nobody's tells whether the credentials are right: they are looked
// at first.

import type { Clock } from "../../../platform/clock.js";
import { asShape } from "../../../protocol/parse.js";
import { open, text } from "../../../protocol/schema.js";
import { plain, reasonOf } from "../http.js";
import { callbackFinding, clockFinding } from "../oidc/check.js";
import type { Finding } from "../provider.js";
import { advice } from "./advice.js";
import type { GitHubClient } from "./client.js";

const refusal = open({ error: text(200, 1) });

export async function checkGitHub(
  github: GitHubClient,
  clock: Clock,
  redirectUri: string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const answer = await github.askForToken("jitnode-control-sign-in-check", { redirectUri, verifier: "-".repeat(43) });
    const error = asShape(refusal, answer.body)?.error;
    findings.push(
      error === undefined
        ? { kind: "wrong", text: `${github.issuer} answers, and not as GitHub does`, advice: advice.address }
        : { kind: "right", text: `reachable at ${github.issuer}` },
      clockFinding(answer.date, clock.now(), advice.clock),
    );
    if (error !== undefined) findings.push(credentialsFinding(error));
  } catch (error) {
    const unreachable = error instanceof Error && "code" in error && error.code === "sign_in_provider_unreachable";
    findings.push({ kind: "wrong", text: reasonOf(error), advice: unreachable ? advice.network : advice.address });
  }
  findings.push(callbackFinding(redirectUri, advice.callback));
  return findings;
}

function credentialsFinding(error: string): Finding {
  switch (error) {
    case "bad_verification_code":
      return { kind: "right", text: "client ID and secret are accepted" };
    case "redirect_uri_mismatch":
      return { kind: "wrong", text: "the callback URL is not the registered one", advice: advice.callback };
    default:
      return {
        kind: "wrong",
        text: `client ID or secret is not accepted (${plain(error)})`,
        advice: advice.credentials,
      };
  }
}
