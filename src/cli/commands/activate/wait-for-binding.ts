// Messages 6 and 7 of DESIGN section 3: the daemon asks at once; the command is done when the daemon itself says bound.

import { JitnodeError } from "../../../protocol/errors.js";
import type { LocalBinding, Status } from "../../../protocol/local.js";
import type { Context } from "../../context.js";

const pause = 500;
const longest = 60_000;

/** `bindingId`: the one that the approval made. */
export async function waitForBinding(context: Context, bindingId: string | undefined): Promise<LocalBinding> {
  const { clock, signal } = context;
  const daemon = await context.daemon();
  const deadline = clock.now() + longest;
  for (;;) {
    if (signal.aborted) throw interruptedAfterApproval();
    const status = await lenient(async () => {
      // Refused when there is nothing left to ask for: the status then says why.
      await daemon.checkActivation().catch(passBy);
      return daemon.status();
    });
    if (status !== undefined) {
      if (status.binding !== null) return assertExpected(status.binding, bindingId);
      if (bindingId === undefined) assertUndecided(status);
    }
    if (clock.now() >= deadline) {
      throw new JitnodeError("timed_out", {
        message: "The activation was approved, but the daemon has not learned of it yet.",
        hint: "It goes on asking by itself: see `jitnode status`, or `jitnode wait`.",
      });
    }
    await clock.sleep(pause, signal);
  }
}

function assertExpected(binding: LocalBinding, bindingId: string | undefined): LocalBinding {
  if (bindingId === undefined || binding.binding_id === bindingId) return binding;
  throw new JitnodeError("already_bound", { message: "This node was bound by somebody else meanwhile." });
}

/**
 * The node's request, while somebody signs in to decide it: throws `activation_decided` once the node is bound. What else
 * the daemon fails with is no reason to give up a code that they may be approving.
 */
export async function assertOpen(context: Context): Promise<void> {
  const daemon = await context.daemon();
  const status = await daemon.status().catch(passBy);
  if (status === undefined) return;
  if (status.binding !== null) throw new JitnodeError("activation_decided");
  assertUndecided(status);
}

/** Of a request that somebody else decides. */
export function assertUndecided({ activation }: Status): void {
  switch (activation?.state) {
    case "denied":
      throw new JitnodeError("activation_denied");
    case "cancelled":
      throw new JitnodeError("activation_cancelled");
    case "expired":
      throw new JitnodeError("activation_expired");
    default:
  }
}

function passBy(error: unknown): undefined {
  if (!(error instanceof JitnodeError) || error.code === "interrupted") throw error;
}

/** A daemon that is being restarted is waited for. */
export async function lenient(work: () => Promise<Status>): Promise<Status | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JitnodeError && error.code === "daemon_unreachable") return undefined;
    throw error;
  }
}

export const interruptedAfterApproval = (): JitnodeError =>
  new JitnodeError("interrupted", {
    hint: "If the approval had been sent, the node becomes bound by itself: see `jitnode status`.",
  });
