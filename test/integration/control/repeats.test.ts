// Idempotency keys: a repeat gets the same answer, another body is refused, and nothing happens twice.
import { describe, expect, test } from "vitest";
import { createActivations } from "../../../src/control/services/activations.js";
import { createBindingCodes } from "../../../src/control/services/binding-codes.js";
import { createMembers } from "../../../src/control/services/members.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import { addPerson, addRequest, auditActions, createTestContext, dialects, once, outcome } from "../control-context.js";
import type { Dialect } from "../../../src/control/store/store.js";

const key = "0123456789abcdef";
const day = 24 * 60 * 60 * 1000;

async function setUp(dialect: Dialect) {
  const context = await createTestContext(dialect);
  const organizations = createOrganizations(context);
  const input = (id: string) => ({ id, name: "Acme", agreement: organizations.agreement.version });
  return {
    context,
    organizations,
    codes: createBindingCodes(context),
    members: createMembers(context),
    activations: createActivations(context),
    input,
    ann: await addPerson(context),
  };
}

describe.each(dialects)("repeats on %s", (dialect) => {
  test("the same request again has the same answer and no second effect", async () => {
    const { context, organizations, codes, input, ann } = await setUp(dialect);
    const made = await organizations.create(ann, input("acme"), once(input("acme"), key));
    expect(await organizations.create(ann, input("acme"), once(input("acme"), key))).toEqual(made);
    const fresh = await codes.refresh(ann, "acme", once(null, key, "/refresh"));
    expect(await codes.refresh(ann, "acme", once(null, key, "/refresh"))).toEqual(fresh);
    expect(await codes.show(ann, "acme")).toEqual(fresh);
    expect(await auditActions(context)).toEqual(["org.created", "org.code_refreshed"]);
  });

  test("the same request twice at once is done once, and both get its answer", async () => {
    const { context, codes, organizations, input, ann } = await setUp(dialect);
    await organizations.create(ann, input("acme"), once(input("acme")));
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => codes.refresh(ann, "acme", once(null, `${key}${round}`))),
      );
      expect(new Set(answers.map((answer) => answer.binding_code)).size).toBe(1);
    }
    expect((await auditActions(context)).filter((action) => action === "org.code_refreshed")).toHaveLength(5);
  });

  test("the same key with another body is refused, also at once, and only one is done", async () => {
    const { context, organizations, input, ann } = await setUp(dialect);
    const outcomes = await Promise.all(
      ["one", "two", "three"].map((id) =>
        outcome(organizations.create(ann, input(`${id}-org`), once(input(`${id}-org`), key))),
      ),
    );
    expect(outcomes.sort()).toEqual(["idempotency_key_reused", "idempotency_key_reused", "ok"]);
    expect(await auditActions(context)).toEqual(["org.created"]);
  });

  test("the key is one person's, one path's and one day's", async () => {
    const { context, organizations, input, ann } = await setUp(dialect);
    const bob = await addPerson(context);
    await organizations.create(ann, input("one"), once(input("one"), key));
    expect(await outcome(organizations.create(bob, input("two"), once(input("two"), key)))).toBe("ok");
    expect(await outcome(organizations.create(ann, input("three"), once(input("three"), key, "/other")))).toBe("ok");
    context.advance(day - 60_000);
    expect(await outcome(organizations.create(ann, input("one"), once(input("one"), key)))).toBe("ok");
    context.advance(60_001);
    expect(await outcome(organizations.create(ann, input("one"), once(input("one"), key)))).toBe("org_id_taken");
  });

  test("a refusal is not kept: the same request may succeed later", async () => {
    const { context, organizations, activations, input, ann } = await setUp(dialect);
    const guest = await addPerson(context, { origin: "code" });
    const repeat = once(input("acme"), key);
    expect(await outcome(organizations.create(guest, input("acme"), repeat))).toBe("org_creation_not_allowed");
    expect(await outcome(organizations.create(ann, input("acme"), repeat))).toBe("ok");

    const node = await addRequest(context);
    const wrong = { number: "00", key_thumbprint: node.key.thumbprint, organization: { use: { id: "acme" } } };
    expect(await outcome(activations.approve(ann, node.userCode, wrong, once(wrong, key, "/approval")))).toBe(
      "number_wrong",
    );
    const right = { ...wrong, number: node.number };
    expect(await outcome(activations.approve(ann, node.userCode, right, once(right, key, "/approval")))).toBe("ok");
  });

  test("an approval is answered again after it was decided", async () => {
    const { context, organizations, activations, input, ann } = await setUp(dialect);
    await organizations.create(ann, input("acme"), once(input("acme")));
    const node = await addRequest(context);
    const approval = { number: "42", key_thumbprint: node.key.thumbprint, organization: { use: { id: "acme" } } };
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => activations.approve(ann, node.userCode, approval, once(approval, key))),
    );
    context.advance(700_000);
    answers.push(await activations.approve(ann, node.userCode, approval, once(approval, key)));
    expect(new Set(answers.map((answer) => answer.binding_id)).size).toBe(1);
    expect((await auditActions(context)).filter((action) => action === "node.bound")).toHaveLength(1);
  });

  test("an answer is not given again to somebody who was removed", async () => {
    const { context, organizations, codes, members, activations, input, ann } = await setUp(dialect);
    const bob = await addPerson(context);
    await organizations.create(ann, input("acme"), once(input("acme")));
    const join = { binding_code: (await codes.show(ann, "acme")).binding_code };
    const node = await addRequest(context);
    const approval = { number: "42", key_thumbprint: node.key.thumbprint, organization: { use: { id: "acme" } } };
    const again = async () => [
      await outcome(organizations.join(bob, join, once(join, key, "/join"))),
      await outcome(codes.refresh(bob, "acme", once(null, key, "/refresh"))),
      await outcome(activations.approve(bob, node.userCode, approval, once(approval, key, "/approval"))),
    ];
    expect(await again()).toEqual(["ok", "ok", "ok"]);
    await members.remove(ann, "acme", bob.accountId);
    expect(await again()).toEqual(["binding_code_invalid", "org_not_found", "org_not_found"]);
  });

  test("what is kept holds neither code nor answer in the clear", async () => {
    const { context, organizations, codes, input, ann } = await setUp(dialect);
    await organizations.create(ann, input("acme"), once(input("acme")));
    const { binding_code } = await codes.refresh(ann, "acme", once());
    const rows = JSON.stringify([
      await context.store.db.selectFrom("idempotent_requests").selectAll().execute(),
      await context.store.db.selectFrom("binding_codes").selectAll().execute(),
      await context.store.db.selectFrom("audit").selectAll().execute(),
    ]);
    for (const secret of [binding_code, binding_code.replaceAll("-", "")]) expect(rows).not.toContain(secret);
  });
});

test("the same request at once on two replicas is done once", async () => {
  const first = await createTestContext("postgres");
  const second = await first.replica();
  const ann = await addPerson(first);
  const [here, there] = [createBindingCodes(first), createBindingCodes(second)];
  const organizations = createOrganizations(first);
  const input = { id: "acme", name: "Acme", agreement: organizations.agreement.version };
  await organizations.create(ann, input, once(input));
  for (let round = 0; round < 5; round++) {
    const repeat = once(null, `${key}${round}`);
    const [a, b] = await Promise.all([here.refresh(ann, "acme", repeat), there.refresh(ann, "acme", repeat)]);
    expect(a).toEqual(b);
  }
  expect((await auditActions(first)).filter((action) => action === "org.code_refreshed")).toHaveLength(5);
});
