// `jitnode activate --web`: shows the node's own request and waits until somebody decides it in a browser.

import { JitnodeError } from "../../../protocol/errors.js";
import type { ActivationAnswer, LocalBinding } from "../../../protocol/local.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";
import { showRequest } from "../../show-request.js";
import { watchConnection } from "../status/watch-connection.js";
import { assertUndecided, lenient } from "./wait-for-binding.js";

const pause = 500;

export async function waitForBrowser(context: Context, request: ActivationAnswer): Promise<LocalBinding> {
  const { clock, signal, output } = context;
  const daemon = await context.daemon();
  let shown = request.user_code;
  await show(context, request);
  const waiting = await watchConnection(output, line`Waiting for the decision…`);
  try {
    for (;;) {
      await clock.sleep(pause, signal);
      if (signal.aborted) throw new JitnodeError("interrupted");
      const status = await lenient(() => daemon.status());
      if (status === undefined) {
        waiting.see(status);
        continue;
      }
      if (status.binding !== null) return status.binding;
      const { activation } = status;
      // The daemon renews a request of its own a few times: the old code is dead then.
      if (activation?.state === "pending" && activation.user_code !== shown) {
        shown = activation.user_code;
        await show(context, activation);
      }
      assertUndecided(status);
      if (activation === null) throw new JitnodeError("activation_expired");
      waiting.see(status);
    }
  } finally {
    waiting.stop();
  }
}

const show = (context: Context, request: ActivationAnswer): Promise<void> =>
  showRequest(context, {
    title: line`To activate ${request.node.name} (${request.node.id}), open this link and compare the code:`,
    link: request.verification_uri_complete ?? request.verification_uri,
    userCode: request.user_code,
    number: request.number,
  });
