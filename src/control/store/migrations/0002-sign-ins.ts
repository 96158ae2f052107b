// Schema 2: sign-in attempts at providers, and what identities of providers are called there.

import type { Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("identities").addColumn("display", "text").execute();
  await db.schema.alterTable("identities").addColumn("last_used_at", "bigint").execute();

  await db.schema
    .createTable("sign_in_attempts")
    .addColumn("state_hash", "text", (c) => c.primaryKey())
    .addColumn("browser_hash", "text", (c) => c.notNull())
    .addColumn("provider", "text", (c) => c.notNull())
    .addColumn("purpose", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.references("accounts.id"))
    .addColumn("link_kind", "text")
    .addColumn("link_hash", "text")
    .addColumn("target", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("answered_at", "bigint")
    .addColumn("issuer", "text")
    .addColumn("subject", "text")
    .addColumn("name", "text")
    .addColumn("display", "text")
    .addColumn("used_at", "bigint")
    .execute();
  await db.schema.createIndex("sign_in_attempts_expiry").on("sign_in_attempts").column("expires_at").execute();
}
