// PostgreSQL's NOTIFY: part of the transaction, so it reaches the listeners when and only when that is committed.

import { sql } from "kysely";
import type { Tx } from "./store.js";

export async function notify(tx: Tx, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(tx.db);
}
