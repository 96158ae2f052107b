// Remembers proofs that changed something, for as long as they would pass the checks of freshness.

import type { ControlContext, Executor } from "../context.js";
import { rememberProof } from "../store/seen-proofs.js";
import { proofTolerance, type Proof } from "./proofs.js";

/** A nonce is good for its slot and the next one (Secrets.isFreshNonce). */
const nonceLife = 2 * 60_000;
/** The times of a JWT may have fractions (RFC 7519 section 2), columns of milliseconds may not. */
const whole = Math.ceil;

export interface ReplayGuard {
  /** False when this key has used this jti before. */
  remember(executor: Executor, proof: Proof): Promise<boolean>;
  /** The same for client assertions, whose jti is unique per client. `expiresAt` in milliseconds. */
  rememberAssertion(executor: Executor, clientId: string, jti: string, expiresAt: number): Promise<boolean>;
}

export function createReplayGuard(deps: Pick<ControlContext, "clock" | "secrets">): ReplayGuard {
  return {
    remember(executor, proof) {
      const now = deps.clock.now();
      const until = Math.max(now + nonceLife, proof.issuedAt + proofTolerance);
      const atMost = now + nonceLife + 2 * proofTolerance;
      return rememberProof(
        executor,
        deps.secrets.hash(`dpop ${proof.jkt} ${proof.jti}`),
        whole(Math.min(until, atMost)),
      );
    },
    rememberAssertion: (executor, clientId, jti, expiresAt) =>
      rememberProof(executor, deps.secrets.hash(`assertion ${clientId} ${jti}`), whole(expiresAt)),
  };
}
