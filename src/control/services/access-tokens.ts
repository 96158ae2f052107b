// Access tokens: JWTs of RFC 9068, bound to a key by `cnf.jkt` (RFC 9449 section 6.1). Made and read here alone.

import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { asThumbprint, type Thumbprint } from "../../domain/ids.js";
import type { Clock } from "../../platform/clock.js";
import type { Random } from "../../platform/random.js";
import { asShape } from "../../protocol/parse.js";
import { Type, open, text, thumbprint } from "../../protocol/schema.js";
import { tokenAlgorithm, type SigningKeys } from "./signing-keys.js";

const sizeLimit = 4096;

const claimsSchema = open({
  sub: text(64, 1),
  client_id: text(64, 1),
  scope: text(200),
  exp: Type.Integer(),
  cnf: open({ jkt: thumbprint }),
  sid: Type.Optional(text(64, 1)),
});

export interface AccessTokenClaims {
  readonly subject: string;
  readonly clientId: string;
  readonly scope: string;
  readonly jkt: Thumbprint;
  /** People's tokens only. */
  readonly sessionId?: string | undefined;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  issue(claims: Omit<AccessTokenClaims, "expiresAt">): Promise<{ readonly token: string; readonly expiresIn: number }>;
  /** Undefined for whatever is not a living token of ours. */
  read(token: string): Promise<AccessTokenClaims | undefined>;
}

export interface AccessTokensDeps {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** Issuer and audience. */
  readonly publicUrl: string;
  /** Seconds. */
  readonly accessTokenTtl: number;
}

export function createAccessTokens(deps: AccessTokensDeps): AccessTokens {
  const { keys, clock, publicUrl } = deps;
  return {
    async issue(claims) {
      const { kid, key } = await keys.current();
      const issuedAt = Math.floor(clock.now() / 1000);
      const token = await new SignJWT({
        client_id: claims.clientId,
        scope: claims.scope,
        cnf: { jkt: claims.jkt },
        ...(claims.sessionId === undefined ? {} : { sid: claims.sessionId }),
      })
        .setProtectedHeader({ alg: tokenAlgorithm, typ: "at+jwt", kid })
        .setIssuer(publicUrl)
        .setAudience(publicUrl)
        .setSubject(claims.subject)
        .setJti(deps.random.token(16))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + deps.accessTokenTtl)
        .sign(key);
      return { token, expiresIn: deps.accessTokenTtl };
    },
    async read(token) {
      const kid = kidOf(token);
      // Outside the net below: a database that fails is no reason to call a token bad.
      const key = kid === undefined ? undefined : await keys.find(kid);
      if (key === undefined) return undefined;
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [tokenAlgorithm],
          typ: "at+jwt",
          issuer: publicUrl,
          audience: publicUrl,
          currentDate: new Date(clock.now()),
        });
        const claims = asShape(claimsSchema, payload);
        const jkt = asThumbprint(claims?.cnf.jkt ?? "");
        if (claims === undefined || jkt === undefined) return undefined;
        return {
          subject: claims.sub,
          clientId: claims.client_id,
          scope: claims.scope,
          jkt,
          sessionId: claims.sid,
          expiresAt: claims.exp,
        };
      } catch {
        return undefined;
      }
    },
  };
}

function kidOf(token: string): Thumbprint | undefined {
  if (token.length > sizeLimit) return undefined;
  try {
    return asThumbprint(decodeProtectedHeader(token).kid ?? "");
  } catch {
    return undefined;
  }
}
