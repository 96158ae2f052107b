// A public URL that has changed: who is warned, and until when, on both databases.
import { describe, expect, test } from "vitest";
import { rememberPublicUrl } from "../../../src/control/public-url.js";
import { createActivations } from "../../../src/control/services/activations.js";
import { createNodes } from "../../../src/control/services/nodes.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import type { Dialect } from "../../../src/control/store/store.js";
import { addPerson, addRequest, createTestContext, dialects, once } from "../control-context.js";
import { serve, signIn } from "./oauth/client.js";

const [before, after] = ["https://before.example", "https://after.example"];

async function setUp(dialect: Dialect) {
  const context = await createTestContext(dialect);
  const ann = await addPerson(context);
  const organizations = createOrganizations(context);
  const input = { id: "acme", name: "Acme", agreement: organizations.agreement.version };
  await organizations.create(ann, input, once(input));
  /** What a server that starts under this URL warns of. */
  const warning = async (publicUrl: string): Promise<object | undefined> => {
    context.advance(1);
    let told: object | undefined;
    const log = { ...context.log, warn: (_event: string, fields: object = {}) => void (told = fields) };
    await rememberPublicUrl({ ...context, config: { ...context.config, publicUrl }, log });
    context.advance(1);
    return told;
  };
  const warns = async (publicUrl: string): Promise<boolean> => (await warning(publicUrl)) !== undefined;
  const bind = async () => {
    const node = await addRequest(context);
    const approval = { number: "42", key_thumbprint: node.key.thumbprint, organization: { use: { id: "acme" } } };
    await createActivations(context).approve(ann, node.userCode, approval, once(approval));
    return { unbind: () => createNodes(context).unbind(ann, "acme", node.nodeId) };
  };
  return { context, ann, warning, warns, bind };
}

describe.each(dialects)("another public URL on %s", (dialect) => {
  test("is nobody's concern where nothing is bound and nobody signed in", async () => {
    const { warns } = await setUp(dialect);
    for (const url of [before, after, after, before]) expect(await warns(url), url).toBe(false);
  });

  test("warns at each start while a node is bound under the one before, and not when it is set back", async () => {
    const { warns, bind } = await setUp(dialect);
    expect(await warns(before)).toBe(false);
    await bind();
    for (const url of [after, after, before, before, after]) expect(await warns(url), url).toBe(url === after);
  });

  test("warns for a terminal until its session has run out", async () => {
    const { context, ann, warns } = await setUp(dialect);
    await warns(before);
    await signIn(await serve(context), ann.accountId);
    expect(await warns(after)).toBe(true);
    context.advance(31 * 24 * 60 * 60 * 1000);
    expect(await warns(after)).toBe(false);
  });

  test("is the one to keep once each node from before was unbound, and then the old one warns", async () => {
    const { warns, bind } = await setUp(dialect);
    await warns(before);
    const old = await bind();
    expect(await warns(after)).toBe(true);
    await bind();
    expect(await warns(after)).toBe(true);
    await old.unbind();
    expect(await warns(after)).toBe(false);
    expect(await warns(before)).toBe(true);
  });

  test("what was bound under it counts for it only until the one before came back", async () => {
    const { warns, bind } = await setUp(dialect);
    await warns(before);
    const old = await bind();
    await warns(after);
    expect(await warns(before)).toBe(false);
    await bind();
    await old.unbind();
    expect(await warns(after)).toBe(true);
  });

  test("and the old one again, as long as a node knows the other", async () => {
    const { warns, bind } = await setUp(dialect);
    await warns(before);
    const old = await bind();
    expect(await warns(after)).toBe(true);
    const young = await bind();
    for (const url of [before, before, after]) expect(await warns(url), url).toBe(true);
    await young.unbind();
    for (const url of [before, after, before]) expect(await warns(url), url).toBe(url === after);
    await old.unbind();
    expect(await warns(after)).toBe(false);
  });

  test("is told apart from a third, whichever of them starts in between", async () => {
    const { context, warns, bind } = await setUp(dialect);
    const third = "https://third.example";
    await warns(before);
    const old = await bind();
    for (const url of [after, third, after]) expect(await warns(url), url).toBe(true);
    const young = await bind();
    expect(await warns(third)).toBe(true);
    await old.unbind();
    expect(await warns(third)).toBe(true);
    expect(await warns(after)).toBe(false);
    await young.unbind();
    expect(await warns(third)).toBe(false);
    const { value } = await context.store.db
      .selectFrom("metadata")
      .select("value")
      .where("key", "=", "public_url")
      .executeTakeFirstOrThrow();
    expect(value, "what nothing depends on is forgotten").toBe(third);
  });

  test("names each of those that are still known", async () => {
    const { warning, bind } = await setUp(dialect);
    await warning(before);
    await bind();
    await warning(after);
    await bind();
    const third = "https://third.example";
    expect(await warning(third)).toMatchObject({ before: `${before} ${after}`, public_url: third });
  });

  test("is remembered by replicas that start at once", async () => {
    const { warns, bind } = await setUp(dialect);
    await warns(before);
    await bind();
    expect(await Promise.all([warns(after), warns(after), warns(after)])).toEqual([true, true, true]);
    expect(await warns(before)).toBe(false);
  });
});
