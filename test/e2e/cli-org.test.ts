// Organizations, members and nodes at the command line, against a real control plane.
import { beforeAll, describe, expect, test } from "vitest";
import { startDaemon, type Daemon } from "../support/programs.js";
import { errorOf, jsonOf, startSite, type CliSite, type Person } from "./cli-site.js";

let site: CliSite;
let ada: Person;
let bob: Person;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
  bob = await site.person("bob");
  await Promise.all([ada.signIn(site.env), bob.signIn(site.env)]);
});

/** JSON of a command that succeeds. */
async function ok<T>(person: Person, args: readonly string[], schema: string, stdin?: string): Promise<T> {
  const result = await person.cli([...args, "--json"], { env: site.env, ...(stdin === undefined ? {} : { stdin }) });
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  return jsonOf(result, schema) as T;
}

async function refused(person: Person, args: readonly string[], stdin?: string): Promise<readonly [unknown, string]> {
  const result = await person.cli([...args, "--json"], { env: site.env, ...(stdin === undefined ? {} : { stdin }) });
  return [result.code, errorOf(result).code];
}

const createOrg = (person: Person, id: string, name = id): Promise<unknown> =>
  ok(person, ["org", "create", id, "--name", name, "--accept-agreement"], "org-create");

interface CodeAnswer {
  readonly binding_code: string;
}
interface Members {
  readonly items: readonly { readonly account_id: string; readonly name: string; readonly role: string }[];
}

describe("an organization", () => {
  test("is created, shown and listed", async () => {
    expect(await createOrg(ada, "acme", "Acme Inc.")).toMatchObject({ id: "acme", role: "administrator", members: 1 });
    expect(await ok(ada, ["org", "show", "--org", "acme"], "org-show")).toMatchObject({ name: "Acme Inc." });
    expect(await ok(ada, ["org", "list"], "org-list")).toMatchObject({ items: [{ id: "acme", nodes: 0 }] });
    const text = await ada.cli(["org", "list"], { env: site.env });
    expect(text.stdout).toMatch(/^ID +ROLE +MEMBERS +NODES +NAME\nacme +administrator +1 +0 +Acme Inc\.\n$/);
  });

  test("is refused with the reason", async () => {
    const args = (id: string, name = "N"): readonly string[] => [
      "org",
      "create",
      id,
      "--name",
      name,
      "--accept-agreement",
    ];
    await createOrg(ada, "taken");
    expect(await refused(bob, args("taken"))).toEqual([6, "org_id_taken"]);
    expect(await refused(ada, args("Acme"))).toEqual([2, "org_id_invalid"]);
    expect(await refused(ada, args("orgs"))).toEqual([2, "org_id_reserved"]);
    expect(await refused(ada, args("x".repeat(10_000)))).toEqual([2, "org_id_invalid"]);
    expect(await refused(ada, args("fine", "a\u202eb"))).toEqual([2, "org_name_invalid"]);
    expect(await refused(ada, ["org", "create", "fine", "--name", "F"])).toEqual([2, "agreement_required"]);
    expect(await refused(ada, ["org", "create", "fine"])).toEqual([2, "input_needed"]);
    expect(await refused(ada, ["org", "create"])).toEqual([2, "usage"]);
  });

  test("does not exist for others", async () => {
    await createOrg(ada, "hidden");
    for (const words of ["show", "code", "members", "nodes"]) {
      expect(await refused(bob, ["org", words, "--org", "hidden"])).toEqual([1, "org_not_found"]);
      expect(await refused(bob, ["org", words, "--org", "nowhere"])).toEqual([1, "org_not_found"]);
    }
  });
});

describe("its binding code", () => {
  test("lets somebody in, and says on stderr that whoever has it gets in", async () => {
    await createOrg(ada, "inviting");
    const shown = await ada.cli(["org", "code", "--org", "inviting"], { env: site.env });
    expect(shown.stdout).toMatch(/^([BCDFGHJKLMNPQRSTVWXZ]{4}-){3}[BCDFGHJKLMNPQRSTVWXZ]\n$/);
    expect(shown.stderr).toMatch(/Refresh it after each invitation.*whoever has the code gets in/);

    const join = ["org", "join", "--binding-code-file", "-"];
    // The control plane has one answer for a foreign code; the hint knows what --org means.
    const foreign = await bob.cli([...join, "--org", "other-org", "--json"], { env: site.env, stdin: shown.stdout });
    expect([foreign.code, errorOf(foreign)]).toMatchObject([5, { code: "binding_code_invalid" }]);
    expect(errorOf(foreign).hint).toMatch(/current code of other-org itself: .* Without --org, the organization/);
    expect(await ok(bob, join, "org-join", shown.stdout)).toMatchObject({ id: "inviting", role: "member" });

    const refresh = await bob.cli(["org", "code", "refresh", "--org", "inviting"], { env: site.env });
    expect(refresh.stderr).toMatch(/The old code no longer works[^]*whoever has the code gets in/);
    expect(refresh.stdout).not.toBe(shown.stdout);
    const carol = await site.person("carol");
    await carol.signIn(site.env);
    expect(await refused(carol, join, shown.stdout)).toEqual([5, "binding_code_invalid"]);
    expect(await ok(carol, join, "org-join", refresh.stdout)).toMatchObject({ members: 3 });
  });

  test("is never taken from an argument, and needs an answer where nobody can be asked", async () => {
    expect(await refused(ada, ["org", "join"])).toEqual([2, "input_needed"]);
    expect(await refused(ada, ["org", "join", "--binding-code-file", "-"], "not a code")).toEqual([
      5,
      "binding_code_invalid",
    ]);
  });

  test.each([
    [["org", "join", "BCDF-GHJK-LMNP-W"], /^Too many arguments/],
    [["org", "join", "bcdf", "ghjk", "lmnp", "w"], /^Too many arguments/],
    [["login", "BCDFGHJKLMNPQ"], /^Too many arguments/],
    [["activate", "BCDF-GHJK-LMNP-W"], /^Too many arguments/],
    [["org", "join", "--binding-code=BCDF-GHJK-LMNP-W"], /^Unknown option '--binding-code'/],
    [["org", "join", "--binding-code-file", "BCDF-GHJK-LMNP-W"], /^This is no file/],
    [["org", "BCDF-GHJK-LMNP-W"], /^A binding code is no command/],
    [["BCDF-GHJK-LMNP-W"], /^A binding code is no command/],
    [["org", "BCDF-GHJK-LMNP"], /^A binding code is no command/],
    [["org", "BCDF-GHJK-LMN0-A"], /^A binding code is no command/],
  ])("typed into the command itself is not repeated, and it says how one is given: %j", async (args, message) => {
    const { code, stdout, stderr } = await ada.cli(args, { env: site.env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n.*(asked for it|asks for the code|--binding-code-file)/);
    expect(stderr).not.toMatch(/ghjk/i);
  });
});

describe("members", () => {
  test("are removed by administrators only, after --yes, and the code dies with it", async () => {
    await createOrg(ada, "members-org");
    const before: CodeAnswer = await ok(ada, ["org", "code", "--org", "members-org"], "org-code");
    await ok(bob, ["org", "join", "--binding-code-file", "-"], "org-join", before.binding_code);
    const { items }: Members = await ok(ada, ["org", "members", "--org", "members-org"], "org-members");
    const idOf = (name: string): string => items.find((member) => member.name === name)?.account_id ?? "";
    expect(items.map(({ name, role }) => `${name} ${role}`).toSorted()).toEqual(["ada administrator", "bob member"]);

    const remove = (id: string): readonly string[] => ["org", "remove", id, "--org", "members-org"];
    expect(await refused(ada, remove(idOf("bob")))).toEqual([2, "confirmation_needed"]);
    expect(await refused(bob, [...remove(idOf("ada")), "--yes"])).toEqual([5, "administrator_required"]);
    expect(await refused(ada, [...remove(idOf("ada")), "--yes"])).toEqual([6, "last_administrator"]);
    for (const malformed of ["bob", "JP_x", "JP_8f3kQ2mZ7pVbT4s0"]) {
      const { code, stderr } = await ada.cli([...remove(malformed), "--yes"], { env: site.env });
      expect([code, stderr]).toEqual([2, expect.stringContaining("that is JP_ and 16 letters and digits, without 0")]);
      expect(stderr).toContain("jitnode org members");
    }
    expect(await ok(ada, [...remove(idOf("bob")), "--yes"], "org-remove")).toMatchObject({
      removed: idOf("bob"),
      binding_code_refreshed: true,
    });
    const after: CodeAnswer = await ok(ada, ["org", "code", "--org", "members-org"], "org-code");
    expect(after.binding_code).not.toBe(before.binding_code);
    expect(await refused(bob, ["org", "show", "--org", "members-org"])).toEqual([1, "org_not_found"]);
    // Removing who is gone changes nothing.
    expect(await ok(ada, [...remove(idOf("bob")), "--yes"], "org-remove")).toMatchObject({
      binding_code_refreshed: false,
    });
    // And says so: the id may be somebody else's by a slip of the finger.
    const again = await ada.cli([...remove(idOf("bob")), "--yes"], { env: site.env });
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("there was nothing to remove")]);
  });
});

describe("nodes", () => {
  const activate = async (org: string, nodeName: string): Promise<Daemon> => {
    const daemon = await startDaemon({ server: site.control.url, nodeName });
    const result = await ada.cli(["activate", "--org", org], { env: daemon.cliEnv });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    return daemon;
  };

  test("are listed, shown by ID or name, and unbound by an administrator", async () => {
    await createOrg(ada, "fleet");
    const [one] = await Promise.all([activate("fleet", "build"), activate("fleet", "build"), activate("fleet", "web")]);
    const org = ["--org", "fleet"];
    const list: { readonly items: readonly { readonly id: string; readonly name: string }[] } = await ok(
      ada,
      ["org", "nodes", ...org],
      "org-nodes",
    );
    expect(list.items.map(({ name }) => name).toSorted()).toEqual(["build", "build", "web"]);
    const web = list.items.find(({ name }) => name === "web")?.id ?? "";
    const { code, stderr } = await ada.cli(["node", "show", "JN_x", ...org], { env: site.env });
    expect([code, stderr]).toEqual([1, expect.stringContaining("has no node JN_x. A node's ID is JN_ and 16 letters")]);

    expect(await ok(ada, ["node", "show", "web", ...org], "node-show")).toMatchObject({
      id: web,
      organization_id: "fleet",
    });
    expect(await ok(ada, ["node", "show", web, ...org], "node-show")).toMatchObject({ name: "web" });
    expect(await refused(ada, ["node", "show", "build", ...org])).toEqual([2, "node_ambiguous"]);
    expect(await refused(ada, ["node", "show", "nobody", ...org])).toEqual([1, "node_not_found"]);
    const pasted = await ada.cli(["node", "show", "CLMZ-PWXQ-TSVT", ...org], { env: site.env });
    expect([pasted.code, pasted.stderr]).toEqual([1, expect.stringContaining("fleet has no node ….")]);
    // This node, and its organization, without a word.
    const own = await ada.cli(["node", "show", "--json"], { env: one.cliEnv });
    expect(jsonOf(own, "node-show")).toMatchObject({ name: "build", organization_id: "fleet" });

    const { binding_code } = await ok<CodeAnswer>(ada, ["org", "code", ...org], "org-code");
    await ok(bob, ["org", "join", "--binding-code-file", "-"], "org-join", binding_code);
    expect(await refused(bob, ["node", "unbind", "web", ...org, "--yes"])).toEqual([5, "administrator_required"]);
    expect(await refused(ada, ["node", "unbind", "web", ...org])).toEqual([2, "confirmation_needed"]);
    expect(await ok(ada, ["node", "unbind", "web", ...org, "--yes"], "node-unbind")).toMatchObject({ node_id: web });
    expect(await refused(ada, ["node", "show", "web", ...org])).toEqual([1, "node_not_found"]);
  });

  test("this one is unbound through its daemon, by whoever may use the socket", async () => {
    await createOrg(ada, "ours");
    const daemon = await activate("ours", "own");
    const unbind = (...more: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
      bob.cli(["node", "unbind", "--json", ...more], { env: daemon.cliEnv });
    // What another node would need is not passed over: something else was meant.
    for (const option of ["--org=theirs", `--server=${site.control.url}`]) {
      const meant = await unbind(option, "--yes");
      expect([meant.code, errorOf(meant).code]).toEqual([2, "usage"]);
    }
    const asked = await unbind();
    expect([asked.code, errorOf(asked).code]).toEqual([2, "confirmation_needed"]);
    expect(jsonOf(await unbind("--yes"), "node-unbind")).toMatchObject({ organization_id: "ours", confirmed: true });
    const again = await unbind("--yes");
    expect([again.code, errorOf(again).code]).toEqual([3, "not_bound"]);
  });
});

describe("which organization is meant", () => {
  test("--org, JITNODE_ORG, this node's, the only one; else exit 2", async () => {
    const dora = await site.person("dora");
    await dora.signIn(site.env);
    const show = async (env = {}, ...args: readonly string[]): Promise<unknown> => {
      const result = await dora.cli(["org", "show", "--json", ...args], { env: { ...site.env, ...env } });
      return result.code === 0
        ? (jsonOf(result, "org-show") as { id: string }).id
        : [result.code, errorOf(result).code];
    };
    expect(await show()).toEqual([2, "org_choice_needed"]);
    await createOrg(dora, "dora-one");
    expect(await show()).toBe("dora-one");
    await createOrg(dora, "dora-two");
    await createOrg(dora, "dora-three");
    expect(await show()).toEqual([2, "org_choice_needed"]);
    const daemon = await startDaemon({ server: site.control.url });
    expect((await dora.cli(["activate", "--org", "dora-two"], { env: daemon.cliEnv })).code).toBe(0);
    expect(await show(daemon.cliEnv)).toBe("dora-two");
    expect(await show({ ...daemon.cliEnv, JITNODE_ORG: "dora-three" })).toBe("dora-three");
    expect(await show({ ...daemon.cliEnv, JITNODE_ORG: "dora-three" }, "--org", "dora-one")).toBe("dora-one");
  });
});
