// Limits: who is paused, for how long, and who is not, on both databases.
import { describe, expect, test } from "vitest";
import { createTestContext, dialects, outcome } from "../control-context.js";

const minute = 60_000;

describe.each(dialects)("limits on %s", (dialect) => {
  const anybody = { address: "192.0.2.1" };

  test("five wrong attempts pause for fifteen minutes, and the answer says how long", async () => {
    const { limits, advance } = await createTestContext(dialect);
    for (let count = 0; count < 5; count += 1) {
      await limits.check("user_code", anybody);
      await limits.count("user_code", anybody);
    }
    await expect(limits.check("user_code", anybody)).rejects.toMatchObject({ code: "rate_limited", retryAfter: 900 });
    advance(14 * minute);
    expect(await outcome(limits.check("user_code", anybody))).toBe("rate_limited");
    advance(minute + 1);
    expect(await outcome(limits.check("user_code", anybody))).toBe("ok");
  });

  test("a right one in between begins the count anew", async () => {
    const { limits } = await createTestContext(dialect);
    for (let count = 0; count < 12; count += 1) {
      expect(await outcome(limits.check("password", anybody))).toBe("ok");
      await limits.count("password", anybody);
      if (count % 4 === 3) await limits.clear("password", anybody);
    }
  });

  test("thirty an hour, whatever lies in between", async () => {
    const { limits } = await createTestContext(dialect);
    for (let count = 0; count < 30; count += 1) {
      await limits.count("binding_code", anybody);
      await limits.clear("binding_code", anybody);
    }
    expect(await outcome(limits.check("binding_code", anybody))).toBe("rate_limited");
  });

  test("each kind, each person and each address is counted apart; a household's IPv6 addresses are not", async () => {
    const { limits } = await createTestContext(dialect);
    const six = { address: "2001:db8:1:2::1" };
    for (let count = 0; count < 5; count += 1) {
      await limits.count("user_code", anybody);
      await limits.count("user_code", six);
    }
    expect(await outcome(limits.check("password", anybody))).toBe("ok");
    expect(await outcome(limits.check("user_code", { ...anybody, accountId: "JP_1" }))).toBe("ok");
    expect(await outcome(limits.check("user_code", { address: "192.0.2.2" }))).toBe("ok");
    expect(await outcome(limits.check("user_code", { address: "2001:db8:1:2:ffff::9" }))).toBe("rate_limited");
    expect(await outcome(limits.check("user_code", { address: "2001:db8:1:3::1" }))).toBe("ok");
    expect(await outcome(limits.check("user_code", { address: "::ffff:192.0.2.1" }))).toBe("rate_limited");
  });

  test("a hundred attempts at once: five get through", async () => {
    const { limits } = await createTestContext(dialect);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcome(limits.take("user_code", anybody))));
    expect(outcomes.filter((each) => each === "ok")).toHaveLength(5);
  });

  test("attempts that turn out right are given back", async () => {
    const { limits } = await createTestContext(dialect);
    for (let count = 0; count < 40; count += 1) {
      const attempt = await limits.take("user_code", anybody);
      await attempt.right();
    }
    expect(await outcome(limits.check("user_code", anybody))).toBe("ok");
  });

  test("twenty new accounts an hour from one address, and names asked for count", async () => {
    const { limits, advance } = await createTestContext(dialect);
    for (let count = 0; count < 20; count += 1) await limits.take("sign_up", anybody);
    expect(await outcome(limits.take("sign_up", anybody))).toBe("rate_limited");
    expect(await outcome(limits.take("sign_up", { address: "192.0.2.2" }))).toBe("ok");
    advance(60 * minute + 1);
    expect(await outcome(limits.take("sign_up", anybody))).toBe("ok");
  });

  test("what one subject asks is worked on in turn, also after a failure; others do not wait", async () => {
    const { limits } = await createTestContext(dialect);
    const order: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const one = limits.inTurn(anybody, async () => {
      await held;
      order.push("first");
      throw new Error("failed");
    });
    const two = limits.inTurn(anybody, async () => void order.push("second"));
    await limits.inTurn({ address: "192.0.2.2" }, async () => void order.push("another"));
    release();
    await expect(one).rejects.toThrow("failed");
    await two;
    expect(order).toEqual(["another", "first", "second"]);
  });

  test("many wrong attempts on one account from everywhere slow it down, close nothing, and are written down", async () => {
    const context = await createTestContext(dialect);
    for (let count = 0; count < 61; count += 1) {
      await context.limits.count("password", { accountId: "JP_1", address: `198.51.100.${String(count)}` });
    }
    const before = process.hrtime.bigint();
    expect(await outcome(context.limits.check("password", { accountId: "JP_1", address: "203.0.113.1" }))).toBe("ok");
    expect(process.hrtime.bigint() - before).toBeGreaterThan(900_000_000n);
    const rows = await context.store.db.selectFrom("audit").selectAll().execute();
    expect(rows.map(({ action }) => action)).toEqual(["limit.slowed"]);
    expect(context.metrics.render()).toContain('jitnode_control_slowed_total{limit="password"} 1');
  });
});
