// What the OAuth endpoints share: the context, the tokens, and the handling of proofs.

import type { FastifyRequest } from "fastify";
import { clients, type ClientId } from "../../protocol/versions.js";
import type { ControlContext, Executor } from "../context.js";
import { publicTarget } from "../http/requests.js";
import type { AccessTokens } from "../services/access-tokens.js";
import type { SigningKeys } from "../services/signing-keys.js";
import { invalidProof, nonceNeeded, OAuthError } from "./oauth-error.js";
import { proofTolerance, type Proof, type Proofs } from "./proofs.js";
import { createReplayGuard, type ReplayGuard } from "./replay.js";

export interface OAuthContext {
  readonly control: ControlContext;
  readonly keys: SigningKeys;
  readonly tokens: AccessTokens;
  readonly replay: ReplayGuard;
  /** The request's proof if it has one, all but its freshness checked. Throws `invalid_dpop_proof`. */
  proofOf(request: FastifyRequest): Promise<Proof | undefined>;
  /** As `proofOf`; a missing one is an error too. */
  requireProof(request: FastifyRequest): Promise<Proof>;
  /** A nonce of ours vouches for its age; `iat` is not looked at, so a wrong clock does no harm. */
  hasFreshNonce(proof: Proof): boolean;
  /** Where no nonce is required: a fresh one, or else an `iat` within five minutes. */
  isRecent(proof: Proof): boolean;
  /** Throws where this proof was used before. */
  useOnce(executor: Executor, proof: Proof): Promise<void>;
}

export function createOAuthContext(
  control: ControlContext,
  keys: SigningKeys,
  tokens: AccessTokens,
  proofs: Proofs,
): OAuthContext {
  const { clock, config, secrets } = control;
  const replay = createReplayGuard(control);

  const proofOf = async (request: FastifyRequest): Promise<Proof | undefined> => {
    const target = { method: request.method, url: publicTarget(request, config.publicUrl) };
    const result = await proofs.verify(request.headers["dpop"], target);
    if (result.kind === "invalid") throw invalidProof(result.reason);
    return result.kind === "proof" ? result.proof : undefined;
  };
  const hasFreshNonce = ({ nonce }: Proof): boolean => nonce !== undefined && secrets.isFreshNonce(nonce, clock.now());

  return {
    control,
    keys,
    tokens,
    replay,
    proofOf,
    hasFreshNonce,
    async requireProof(request) {
      const proof = await proofOf(request);
      if (proof === undefined) throw invalidProof("there is no DPoP header");
      return proof;
    },
    isRecent: (proof) => hasFreshNonce(proof) || Math.abs(proof.issuedAt - clock.now()) <= proofTolerance,
    async useOnce(executor, proof) {
      if (!(await replay.remember(executor, proof))) throw invalidProof("jti was used before");
    },
  };
}

export function clientOf(clientId: string | undefined): ClientId {
  if (clientId === undefined) throw new OAuthError("invalid_request", "client_id is missing.");
  const found = Object.values(clients).find((client) => client === clientId);
  if (found === undefined) throw new OAuthError("invalid_client", "There is no such client.");
  return found;
}

export { invalidProof, nonceNeeded, OAuthError };
