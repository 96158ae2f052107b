// The invariants of DESIGN section 3, read off the database alone. Each check is a sentence and the rows that break it;
// nothing here knows what a sequence did, so they hold at any moment of any run.
import type { Row, Tables } from "./rows.js";

export type Violation = { readonly invariant: string; readonly rows: readonly unknown[] };

type Check = (tables: Tables) => readonly unknown[];

const live = (binding: Row): boolean => binding["ended_at"] === null;
const entries = (tables: Tables, action: string): readonly Row[] =>
  tables.audit.filter((entry) => entry["action"] === action);

/** What the entry speaks of: its subject, and what stands in its detail. */
function mentioned(entry: Row): readonly unknown[] {
  const detail: unknown = JSON.parse(String(entry["detail"]));
  const values: readonly unknown[] = typeof detail === "object" && detail !== null ? Object.values(detail) : [];
  return [entry["subject"], ...values];
}

/** Keys that occur more or less often than they should. */
function counted(
  wanted: ReadonlyMap<string, number>,
  found: Iterable<string>,
): readonly { readonly key: string; readonly wanted: number; readonly found: number }[] {
  const counts = new Map<string, number>();
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...new Set([...wanted.keys(), ...counts.keys()])]
    .map((key) => ({ key, wanted: wanted.get(key) ?? 0, found: counts.get(key) ?? 0 }))
    .filter((each) => each.wanted !== each.found);
}

const once = (ids: readonly unknown[]): ReadonlyMap<string, number> => new Map(ids.map((id) => [String(id), 1]));

/** Which of these ids each entry speaks of; an entry that speaks of none counts for itself. */
function spokenOf(found: readonly Row[], ids: readonly unknown[]): readonly string[] {
  const known = new Set(ids);
  return found.flatMap((entry) => {
    const named = [...new Set(mentioned(entry))].filter((id) => known.has(id));
    return named.length === 0 ? [`nothing known: ${JSON.stringify(entry)}`] : named.map(String);
  });
}

/** The values of a column that occur more than once. */
function repeated(rows: readonly Row[], column: string): readonly unknown[] {
  const seen = new Set<unknown>();
  return rows
    .map((row) => row[column])
    .filter((value) => {
      const again = seen.has(value);
      seen.add(value);
      return again;
    });
}

const checks: Readonly<Record<string, Check>> = {
  "a node has at most one live binding": ({ bindings }) => repeated(bindings.filter(live), "node_id"),
  "a binding's node and organization exist": ({ bindings, nodes, organizations }) => {
    const known = new Set([...nodes, ...organizations].map((row) => row["id"]));
    return bindings.filter((binding) => !known.has(binding["node_id"] ?? "") || !known.has(binding["org_id"] ?? ""));
  },
  "a key belongs to one node": ({ nodes }) => repeated(nodes, "thumbprint"),
  "each binding has exactly one node.bound": (tables) => {
    const ids = tables.bindings.map((binding) => binding["id"]);
    return counted(once(ids), spokenOf(entries(tables, "node.bound"), ids));
  },
  "each ended binding has exactly one node.unbound, and no live one has": (tables) => {
    const ids = tables.bindings.map((binding) => binding["id"]);
    const ended = tables.bindings.filter((binding) => !live(binding)).map((binding) => binding["id"]);
    return counted(once(ended), spokenOf(entries(tables, "node.unbound"), ids));
  },
  "an ended binding says who ended it": ({ bindings }) =>
    bindings.filter((binding) => !live(binding) && binding["ended_by"] === null),
  "each approved request of a node has its binding, and each binding its approved request": (tables) => {
    const approved = tables.device_requests.filter(
      (request) => request["client_id"] === "jitnode-node" && request["state"] === "approved",
    );
    return counted(
      once(approved.map((request) => request["id"])),
      tables.bindings.map((binding) => String(binding["request_id"])),
    );
  },
  "each decision on a request is written down exactly once": (tables) => {
    const wanted = new Map<string, number>();
    // A terminal may give up its request after it was approved.
    const open = tables.device_requests.filter((request) => request["state"] !== "revoked");
    for (const request of open) {
      if (request["state"] === "pending") continue;
      wanted.set(`activation.${String(request["state"])} ${String(request["id"])}`, 1);
    }
    const revoked = new Set(
      tables.device_requests.filter((request) => request["state"] === "revoked").map((request) => request["id"]),
    );
    return counted(
      wanted,
      [...entries(tables, "activation.approved"), ...entries(tables, "activation.denied")]
        .filter((entry) => !revoked.has(entry["subject"]))
        .map((entry) => `${String(entry["action"])} ${String(entry["subject"])}`),
    );
  },
  "each organization has exactly one org.created": (tables) =>
    counted(
      once(tables.organizations.map((org) => org["id"])),
      entries(tables, "org.created").map((entry) => String(entry["org_id"])),
    ),
  "each organization has an administrator": ({ organizations, memberships }) => {
    const led = new Set(memberships.filter((row) => row["role"] === "administrator").map((row) => row["org_id"]));
    return organizations.filter((org) => org["deleted_at"] === null && !led.has(org["id"] ?? null));
  },
  "each organization has exactly one current binding code": ({ organizations, binding_codes: codes }) =>
    counted(
      once(organizations.filter((org) => org["deleted_at"] === null).map((org) => org["id"])),
      codes.filter((code) => code["revoked_at"] === null).map((code) => String(code["org_id"])),
    ),
  "each dead binding code died of a refresh or a removal that is written down": (tables) => {
    const dead = new Map<string, number>();
    for (const code of tables.binding_codes.filter((each) => each["revoked_at"] !== null)) {
      const org = String(code["org_id"]);
      dead.set(org, (dead.get(org) ?? 0) + 1);
    }
    return counted(
      dead,
      entries(tables, "org.code_refreshed").map((entry) => String(entry["org_id"])),
    );
  },
  "memberships are what was created, joined and removed": (tables) => {
    const sums = new Map<string, number>();
    const add = (entry: Row, by: number): void => {
      const who = entry["action"] === "org.created" ? entry["actor_id"] : entry["subject"];
      const key = `${String(entry["org_id"])} ${String(who)}`;
      sums.set(key, (sums.get(key) ?? 0) + by);
    };
    for (const entry of entries(tables, "org.created")) add(entry, 1);
    for (const entry of entries(tables, "member.joined")) add(entry, 1);
    for (const entry of entries(tables, "member.removed")) add(entry, -1);
    for (const [key, sum] of sums) if (sum === 0) sums.delete(key);
    return counted(
      sums,
      tables.memberships.map((membership) => `${String(membership["org_id"])} ${String(membership["account_id"])}`),
    );
  },
  "removing a member refreshed the code": (tables) =>
    entries(tables, "member.removed").filter(
      (removal) =>
        !tables.binding_codes.some(
          (code) => code["org_id"] === removal["org_id"] && within(code["created_at"], removal["at"]),
        ),
    ),
  "removing a member ended the terminals that came from that organization's nodes": (tables) =>
    entries(tables, "member.removed").flatMap((removal) =>
      tables.sessions.filter(
        (session) =>
          session["org_hint"] === removal["org_id"] &&
          removal["subject"] === session["account_id"] &&
          Number(session["created_at"]) < Number(removal["at"]) &&
          session["revoked_at"] === null,
      ),
    ),
  "a key has at most one request that can be decided": ({ device_requests: requests }) =>
    repeated(
      requests.filter((request) => request["client_id"] === "jitnode-node" && request["state"] === "pending"),
      "dpop_jkt",
    ),
};

/** One transaction reads the clock more than once, and a busy machine takes its time in between. */
const within = (one: unknown, other: unknown): boolean => Math.abs(Number(one) - Number(other)) <= 2_000;

export const violationsOf = (tables: Tables): readonly Violation[] =>
  Object.entries(checks)
    .map(([invariant, check]) => ({ invariant, rows: check(tables) }))
    .filter(({ rows }) => rows.length > 0);

/** Throws with every broken invariant and what broke it. */
export function assertInvariants(tables: Tables): void {
  const violations = violationsOf(tables);
  if (violations.length === 0) return;
  throw new Error(
    violations
      .map(({ invariant, rows }) => `broken: ${invariant}\n  ${rows.map((row) => JSON.stringify(row)).join("\n  ")}`)
      .join("\n"),
  );
}
