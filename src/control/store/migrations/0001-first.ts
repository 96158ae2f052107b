// Schema 1. Never changed once released: later shapes are later migrations.

import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("metadata")
    .addColumn("key", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();

  await db.schema
    .createTable("accounts")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("origin", "text", (c) => c.notNull())
    .addColumn("disabled_at", "bigint")
    .execute();

  await db.schema
    .createTable("identities")
    .addColumn("provider", "text", (c) => c.notNull())
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("subject", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull().references("accounts.id"))
    .addColumn("password_hash", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("identities_pkey", ["provider", "issuer", "subject"])
    .execute();
  await db.schema.createIndex("identities_account").on("identities").column("account_id").execute();

  await db.schema
    .createTable("account_links")
    .addColumn("token_hash", "text", (c) => c.primaryKey())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.references("accounts.id"))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("used_at", "bigint")
    .execute();

  await db.schema
    .createTable("organizations")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("created_by", "text", (c) => c.notNull().references("accounts.id"))
    .addColumn("agreement_version", "text", (c) => c.notNull())
    .addColumn("agreement_at", "bigint", (c) => c.notNull())
    .addColumn("deleted_at", "bigint")
    .execute();

  await db.schema
    .createTable("memberships")
    .addColumn("org_id", "text", (c) => c.notNull().references("organizations.id"))
    .addColumn("account_id", "text", (c) => c.notNull().references("accounts.id"))
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("joined_at", "bigint", (c) => c.notNull())
    .addColumn("joined_by", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("memberships_pkey", ["org_id", "account_id"])
    .execute();
  await db.schema.createIndex("memberships_account").on("memberships").column("account_id").execute();

  await db.schema
    .createTable("binding_codes")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull().references("organizations.id"))
    .addColumn("lookup", "text", (c) => c.notNull().unique())
    .addColumn("encrypted", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("created_by", "text")
    .addColumn("revoked_at", "bigint")
    .execute();
  await sql`create unique index binding_codes_current on binding_codes (org_id) where revoked_at is null`.execute(db);

  await db.schema
    .createTable("nodes")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("thumbprint", "text", (c) => c.notNull().unique())
    .addColumn("public_jwk", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("version", "text", (c) => c.notNull())
    .addColumn("os", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("last_seen_at", "bigint")
    .addColumn("connected_until", "bigint")
    .addColumn("boot_id", "text")
    .addColumn("previous_boot_id", "text")
    .addColumn("seq", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("possible_copy_at", "bigint")
    .execute();

  await db.schema
    .createTable("bindings")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("node_id", "text", (c) => c.notNull().references("nodes.id"))
    .addColumn("org_id", "text", (c) => c.notNull().references("organizations.id"))
    .addColumn("request_id", "text", (c) => c.notNull().unique())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("created_by", "text", (c) => c.notNull().references("accounts.id"))
    .addColumn("ended_at", "bigint")
    .addColumn("ended_by", "text")
    .addColumn("ended_by_account", "text")
    .execute();
  await sql`create unique index bindings_live on bindings (node_id) where ended_at is null`.execute(db);
  await db.schema.createIndex("bindings_node").on("bindings").columns(["node_id", "created_at"]).execute();
  await db.schema.createIndex("bindings_org").on("bindings").columns(["org_id", "ended_at"]).execute();

  await db.schema
    .createTable("device_requests")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("device_code_hash", "text", (c) => c.notNull().unique())
    .addColumn("user_code_lookup", "text", (c) => c.notNull().unique())
    .addColumn("client_id", "text", (c) => c.notNull())
    .addColumn("dpop_jkt", "text")
    .addColumn("public_jwk", "text")
    .addColumn("scope", "text", (c) => c.notNull())
    .addColumn("number", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("wrong_numbers", "integer", (c) => c.notNull().defaultTo(0))
    .addColumn("node_name", "text", (c) => c.notNull())
    .addColumn("node_version", "text", (c) => c.notNull())
    .addColumn("node_os", "text", (c) => c.notNull())
    .addColumn("expected_org", "text")
    .addColumn("org_hint", "text")
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("agent", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("interval_ms", "integer", (c) => c.notNull())
    .addColumn("last_polled_at", "bigint")
    .addColumn("decided_at", "bigint")
    .addColumn("decided_by", "text")
    .addColumn("binding_id", "text")
    .addColumn("session_id", "text")
    .addColumn("redeemed_at", "bigint")
    .execute();
  // The control plane keeps one live request per node key.
  await sql`create unique index device_requests_live on device_requests (dpop_jkt)
    where state = 'pending' and client_id = 'jitnode-node'`.execute(db);
  await db.schema.createIndex("device_requests_expiry").on("device_requests").column("expires_at").execute();

  await db.schema
    .createTable("sessions")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("account_id", "text", (c) => c.notNull().references("accounts.id"))
    .addColumn("client_id", "text", (c) => c.notNull())
    .addColumn("dpop_jkt", "text", (c) => c.notNull())
    .addColumn("scope", "text", (c) => c.notNull())
    .addColumn("org_hint", "text")
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("agent", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("last_used_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("generation", "integer", (c) => c.notNull())
    .addColumn("token_hash", "text", (c) => c.notNull().unique())
    .addColumn("rotated_at", "bigint", (c) => c.notNull())
    .addColumn("previous_token_hash", "text")
    .addColumn("revoked_at", "bigint")
    .execute();
  await db.schema.createIndex("sessions_account").on("sessions").column("account_id").execute();
  await db.schema.createIndex("sessions_previous").on("sessions").column("previous_token_hash").execute();

  await db.schema
    .createTable("browser_sessions")
    .addColumn("id_hash", "text", (c) => c.primaryKey())
    .addColumn("id", "text", (c) => c.notNull().unique())
    .addColumn("account_id", "text", (c) => c.references("accounts.id"))
    .addColumn("csrf_secret", "text", (c) => c.notNull())
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("agent", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("last_used_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("revoked_at", "bigint")
    .execute();
  await db.schema.createIndex("browser_sessions_account").on("browser_sessions").column("account_id").execute();

  await db.schema
    .createTable("seen_proofs")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("seen_proofs_expiry").on("seen_proofs").column("expires_at").execute();

  await db.schema
    .createTable("idempotent_requests")
    .addColumn("scope_hash", "text", (c) => c.primaryKey())
    .addColumn("body_hash", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("status", "integer")
    .addColumn("answer_encrypted", "text")
    .execute();
  await db.schema.createIndex("idempotent_requests_expiry").on("idempotent_requests").column("expires_at").execute();

  await db.schema
    .createTable("rate_limits")
    .addColumn("bucket", "text", (c) => c.primaryKey())
    .addColumn("window_start", "bigint", (c) => c.notNull())
    .addColumn("count", "integer", (c) => c.notNull())
    .addColumn("blocked_until", "bigint")
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("rate_limits_expiry").on("rate_limits").column("expires_at").execute();

  await db.schema
    .createTable("audit")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("org_id", "text")
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("actor_kind", "text", (c) => c.notNull())
    .addColumn("actor_id", "text", (c) => c.notNull())
    .addColumn("subject", "text", (c) => c.notNull())
    .addColumn("detail", "text", (c) => c.notNull())
    .addColumn("address", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("audit_org").on("audit").columns(["org_id", "id"]).execute();

  await db.schema
    .createTable("signing_keys")
    .addColumn("kid", "text", (c) => c.primaryKey())
    .addColumn("algorithm", "text", (c) => c.notNull())
    .addColumn("public_jwk", "text", (c) => c.notNull())
    .addColumn("private_encrypted", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("retired_at", "bigint")
    .addColumn("remove_at", "bigint")
    .execute();
}
