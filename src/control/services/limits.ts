// Limits (DESIGN section 4). Hard ones are per account + address, or per address: they refuse. Soft ones are per
// account alone and for everybody together: they only slow answers down, raise a metric and leave an audit entry, so
// that nobody can lock somebody else out by failing on purpose.

import type { Clock } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Attempt, AuditLog, LimitName, Limits, LimitSubject, Metrics } from "../context.js";
import { limitedAddress } from "../http/addresses.js";
import { block, countDown, countUp, readBuckets, removeBuckets } from "../store/rate-limits.js";
import type { Store, Tx } from "../store/store.js";

const minute = 60_000;
const hour = 60 * minute;
const slowness = 1_000;

interface Policy {
  /** So many in a row, then a pause of so many milliseconds. */
  readonly run?: { readonly most: number; readonly pause: number };
  readonly perHour: number;
  /** Above these nothing closes, it only slows down. */
  readonly slowAt: { readonly account: number; readonly all: number };
}

const attempts: Policy = {
  run: { most: 5, pause: 15 * minute },
  perHour: 30,
  slowAt: { account: 60, all: 1_000 },
};

const policies: Readonly<Record<LimitName, Policy>> = {
  user_code: attempts,
  binding_code: attempts,
  password: attempts,
  // Each try counts: whoever is told that a name is taken has learned something, too.
  sign_up: { perHour: 20, slowAt: { account: Infinity, all: 1_000 } },
  device_request: { perHour: 60, slowAt: { account: Infinity, all: 10_000 } },
  org_creation: { perHour: 20, slowAt: { account: Infinity, all: 1_000 } },
  // Each leaves a row for good, and makes the code that others were given useless.
  code_refresh: { perHour: 60, slowAt: { account: 120, all: 1_000 } },
  // Each leaves a row for ten minutes; an office behind one address begins many.
  sign_in_start: { perHour: 600, slowAt: { account: Infinity, all: 20_000 } },
};

interface Buckets {
  readonly run: string;
  readonly hour: string;
  readonly account: string | undefined;
  readonly all: string;
}

const whoIs = (subject: LimitSubject): string => `${subject.accountId ?? "-"}|${limitedAddress(subject.address)}`;

function bucketsOf(limit: LimitName, subject: LimitSubject): Buckets {
  const who = whoIs(subject);
  const account = subject.accountId ?? subject.target;
  return {
    run: `run|${limit}|${who}`,
    hour: `hour|${limit}|${who}`,
    account: account === undefined ? undefined : `account|${limit}|${account}`,
    all: `all|${limit}`,
  };
}

export interface LimitsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
}

export function createLimits(deps: LimitsDeps): Limits {
  const { store, clock, metrics } = deps;
  const turns = new Map<string, Promise<void>>();

  const refused = (limit: LimitName, until: number, now: number): JitnodeError => {
    metrics.count("rate_limited_total", { limit });
    return new JitnodeError("rate_limited", { retryAfter: Math.max(1, Math.ceil((until - now) / 1000)) });
  };

  const check = async (limit: LimitName, subject: LimitSubject): Promise<boolean> => {
    const now = clock.now();
    const buckets = bucketsOf(limit, subject);
    const { slowAt } = policies[limit];
    const rows = await readBuckets(
      store,
      Object.values(buckets).filter((bucket) => bucket !== undefined),
    );
    const until = Math.max(
      0,
      ...rows
        .filter((row) => row.bucket === buckets.run || row.bucket === buckets.hour)
        .map((row) => row.blockedUntil ?? 0),
    );
    if (until > now) throw refused(limit, until, now);
    const slow = rows.some(
      (row) =>
        row.windowStart > now - hour &&
        ((row.bucket === buckets.account && row.count >= slowAt.account) ||
          (row.bucket === buckets.all && row.count >= slowAt.all)),
    );
    if (slow) {
      metrics.count("slowed_total", { limit });
      await clock.sleep(slowness);
    }
    return rows.some(({ bucket }) => bucket === buckets.run);
  };

  const use = async (tx: Tx, limit: LimitName, subject: LimitSubject): Promise<void> => {
    const now = clock.now();
    const until = await add(tx, limit, subject, now);
    if (until > now) throw refused(limit, until, now);
  };

  /** Counts one more, sets the pause it leads to, and says until when the subject was paused before it. */
  const add = async (tx: Tx, limit: LimitName, subject: LimitSubject, now: number): Promise<number> => {
    const policy = policies[limit];
    const buckets = bucketsOf(limit, subject);
    const perHour = await countUp(tx, buckets.hour, now, hour);
    let until = perHour.blockedUntil ?? 0;
    if (perHour.count === policy.perHour) await block(tx, buckets.hour, perHour.windowStart + hour, false);
    if (policy.run !== undefined) {
      const run = await countUp(tx, buckets.run, now, hour);
      until = Math.max(until, run.blockedUntil ?? 0);
      if (run.count === policy.run.most) await block(tx, buckets.run, now + policy.run.pause, true);
    }
    for (const [bucket, most] of [
      [buckets.account, policy.slowAt.account],
      [buckets.all, policy.slowAt.all],
    ] as const) {
      if (bucket === undefined) continue;
      const { count } = await countUp(tx, bucket, now, hour);
      if (count === most) await noteSlowness(tx, limit, bucket, subject);
    }
    return until;
  };

  const noteSlowness = (tx: Tx, limit: LimitName, bucket: string, subject: LimitSubject): Promise<void> =>
    deps.audit.write(tx, {
      action: "limit.slowed",
      actor: { kind: "anonymous", id: "" },
      subject: bucket,
      detail: { limit },
      address: subject.address,
    });

  const clear = (limit: LimitName, subject: LimitSubject): Promise<void> =>
    removeBuckets(store, [bucketsOf(limit, subject).run]);

  return {
    check,
    clear,
    use,
    async count(limit, subject) {
      await store.transaction((tx) => add(tx, limit, subject, clock.now()));
    },
    async take(limit, subject): Promise<Attempt> {
      await check(limit, subject);
      await store.transaction((tx) => use(tx, limit, subject));
      return {
        async right() {
          const buckets = bucketsOf(limit, subject);
          // In the order in which `add` touches them: otherwise two of them can wait for each other.
          await store.transaction(async (tx) => {
            await countDown(tx, buckets.hour, policies[limit].perHour);
            await removeBuckets(tx, [buckets.run]);
            if (buckets.account !== undefined) await countDown(tx, buckets.account, 0);
            await countDown(tx, buckets.all, 0);
          });
        },
      };
    },
    async inTurn(subject, work) {
      const who = whoIs(subject);
      const result = (turns.get(who) ?? Promise.resolve()).then(work);
      const done = result.then(
        () => undefined,
        () => undefined,
      );
      turns.set(who, done);
      try {
        return await result;
      } finally {
        if (turns.get(who) === done) turns.delete(who);
      }
    },
  };
}
