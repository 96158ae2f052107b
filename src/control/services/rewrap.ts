// A new master key for a database, in one transaction: afterwards either the old key opens all of it or the new one.
//
// - Binding codes, revoked ones included, and their look-ups are made anew; codes themselves stay as they are.
// - Signing keys are sealed anew: access tokens stay valid.
// - User codes cannot be looked up any more, since only their keyed hash was kept: pending requests end, and nodes and
//   terminals ask again. Approved ones are found by their device code and go on.
// - Refresh tokens are known by a plain hash, so sessions go on: the next refresh gives a token of the new key. Only an
//   answer lost just before is not repeated word for word; asking again moves the session on by one more generation
//   (oauth/refresh-token-grant.ts). Tokens older than the previous one are no longer recognised as reused, only refused.
// - Remembered answers are deleted: a request repeated across the rewrap is worked on like a new one.
// - Nonces of the old key end; clients get a new one with the next answer.

import { asBindingCode } from "../../domain/codes.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Secrets, Tx } from "../context.js";
import { lockBindingCodes, resealBindingCode } from "../store/rewrap.js";
import { deleteAllAnswers } from "../store/rewrap.js";
import { revokeAllPending } from "../store/device-requests.js";
import { announcedUntil, keyCheckName, lockMetadata, writeMetadata } from "../store/metadata.js";
import { lockSigningKeys, resealSigningKey } from "../store/signing-keys.js";
import { sealContext } from "./seal-contexts.js";

export interface RewrapResult {
  readonly bindingCodes: number;
  readonly signingKeys: number;
  readonly pendingRequests: number;
}

/** Throws `control_plane_running`, and `key_mismatch` where the database was given another key meanwhile. */
export async function rewrap(context: ControlContext, next: Secrets): Promise<RewrapResult> {
  const { store, secrets, clock, audit } = context;
  return store.transaction(async (tx) => {
    if ((await lockMetadata(tx, keyCheckName)) !== secrets.check) throw new JitnodeError("key_mismatch");
    const until = await announcedUntil(tx, clock.now());
    if (until !== undefined) {
      throw new JitnodeError("control_plane_running", { retryAfter: Math.ceil((until - clock.now()) / 1000) });
    }
    const bindingCodes = await resealBindingCodes(tx, secrets, next);
    const signingKeys = await resealSigningKeys(tx, secrets, next);
    const pendingRequests = await revokeAllPending(tx, clock.now());
    await deleteAllAnswers(tx);
    await writeMetadata(tx, keyCheckName, next.check);
    await audit.write(tx, {
      action: "keys.rewrapped",
      actor: { kind: "operator", id: "control" },
      subject: "key_file",
      detail: { binding_codes: bindingCodes, signing_keys: signingKeys, pending_requests: pendingRequests },
      address: "",
    });
    return { bindingCodes, signingKeys, pendingRequests };
  });
}

async function resealBindingCodes(tx: Tx, from: Secrets, to: Secrets): Promise<number> {
  const rows = await lockBindingCodes(tx);
  for (const row of rows) {
    const context = sealContext.bindingCode(row.org_id);
    const plain = from.unseal(row.encrypted, context);
    const code = asBindingCode(plain);
    if (code === undefined) throw new TypeError(`binding code ${row.id} is damaged`);
    await resealBindingCode(tx, row.id, to.lookup("binding_code", code), to.seal(plain, context));
  }
  return rows.length;
}

async function resealSigningKeys(tx: Tx, from: Secrets, to: Secrets): Promise<number> {
  const rows = await lockSigningKeys(tx);
  for (const row of rows) {
    const context = sealContext.signingKey(row.kid);
    await resealSigningKey(tx, row.kid, to.seal(from.unseal(row.private_encrypted, context), context));
  }
  return rows.length;
}
