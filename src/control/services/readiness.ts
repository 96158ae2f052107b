// Whether this replica can serve: the database answers, and it still belongs to this replica's key.

import type { ControlContext } from "../context.js";
import { keyCheckName, readMetadata } from "../store/metadata.js";

const patience = 2_000;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: { readonly database: "ok" | "failed" | "slow"; readonly key: "ok" | "changed" | "unknown" };
}

export async function checkReadiness(
  context: Pick<ControlContext, "store" | "clock" | "log" | "secrets">,
): Promise<Readiness> {
  const cancel = new AbortController();
  try {
    const found = await Promise.race([
      readMetadata(context.store, keyCheckName).then((value) => ({ value })),
      context.clock.sleep(patience, cancel.signal).then(() => undefined),
    ]);
    if (found === undefined) return { ready: false, checks: { database: "slow", key: "unknown" } };
    const same = found.value === context.secrets.check;
    return { ready: same, checks: { database: "ok", key: same ? "ok" : "changed" } };
  } catch (error) {
    context.log.warn("database does not answer", { error });
    return { ready: false, checks: { database: "failed", key: "unknown" } };
  } finally {
    cancel.abort();
  }
}
