// Looks at WeChat without signing anybody in. A code of nobody's tells whether AppID and AppSecret are right.

import type { Clock } from "../../../platform/clock.js";
import { asShape } from "../../../protocol/parse.js";
import { open, Type } from "../../../protocol/schema.js";
import { reasonOf } from "../http.js";
import { callbackFinding, clockFinding } from "../oidc/check.js";
import type { Finding } from "../provider.js";
import { advice } from "./advice.js";
import type { WeChatClient } from "./client.js";

const refusal = open({ errcode: Type.Integer() });

export async function checkWeChat(
  client: WeChatClient,
  clock: Clock,
  redirectUri: string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const { body, date } = await client.askForToken("jitnode-control-sign-in-check");
    const code = asShape(refusal, body)?.errcode;
    findings.push({ kind: "right", text: "reachable" }, clockFinding(date, clock.now(), advice.clock));
    findings.push(
      code === 40029 || code === 40163
        ? { kind: "right", text: "AppID and AppSecret are accepted" }
        : {
            kind: "wrong",
            text: `AppID or AppSecret is not accepted (errcode ${String(code ?? "none")})`,
            advice: advice.credentials,
          },
    );
    findings.push({ kind: "unknown", text: "only a sign-in shows whether it gives a unionid", advice: advice.unionid });
  } catch (error) {
    findings.push({ kind: "wrong", text: reasonOf(error), advice: advice.network });
  }
  findings.push(callbackFinding(redirectUri, advice.callback));
  return findings;
}
