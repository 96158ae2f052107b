// The flows that are cut short at each of their steps. Each says what it starts from, what a person does, again and
// again until it is done, and what must be true in the end whatever was killed meanwhile.
import { assertInvariants } from "../property/invariants.js";
import type { Row, Tables } from "../property/rows.js";
import { createPerson } from "../property/test-people.js";
import { createWire, fields, LostAnswer } from "../property/wire.js";
import { org } from "./lane.js";
import { times, type Scene, type SceneOptions } from "./scene.js";
import type { Victim } from "./steps.js";

export type Scenario = {
  readonly name: string;
  readonly fresh: SceneOptions["fresh"];
  /** Whose steps are listed. */
  readonly victims: readonly Victim[];
  /** One attempt of the person; false: not done yet, try again. */
  attempt(scene: Scene, memory: Map<string, string>): Promise<boolean>;
  /** Throws when something is not as it should be. */
  check(scene: Scene, memory: ReadonlyMap<string, string>): Promise<void>;
};

const liveBindings = (tables: Tables): readonly Row[] => tables.bindings.filter((row) => row["ended_at"] === null);

/** What the daemon says of itself, also when it is killed over the question. */
async function status(scene: Scene): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    await scene.daemon.start();
    const wire = createWire({ socket: scene.socket });
    try {
      return fields(await wire.send({ method: "GET", path: "/v1/status" }));
    } catch (failure) {
      if (!(failure instanceof LostAnswer)) throw failure;
    } finally {
      wire.close();
    }
  }
}

function fail(why: string, seen: unknown): never {
  throw new Error(`${why}: ${JSON.stringify(seen)}`);
}

/** Keeps the first value seen under a name, and insists that it never changes. */
function stays(memory: Map<string, string>, name: string, value: string): void {
  const before = memory.get(name) ?? value;
  if (before !== value) fail(`${name} changed`, { before, value });
  memory.set(name, before);
}

const thumbprintOf = async (scene: Scene): Promise<string> =>
  String(((await status(scene))["node"] as Readonly<Record<string, unknown>>)["key_thumbprint"]);

/** The node is bound to `to`, once and for all, under the identity it had from the start. */
async function boundOnce(scene: Scene, memory: ReadonlyMap<string, string>, to: string): Promise<void> {
  const tables = await scene.tables();
  assertInvariants(tables);
  const thumbprint = memory.get("thumbprint");
  const nodes = tables.nodes.filter((row) => row["thumbprint"] === thumbprint);
  const bindings = tables.bindings.filter((row) => row["node_id"] === nodes[0]?.["id"]);
  if (nodes.length !== 1 || bindings.length !== 1) fail("the node is not bound exactly once", { nodes, bindings });
  if (bindings[0]?.["org_id"] !== to) fail(`the node is not bound to ${to}`, bindings);
  const { binding } = await status(scene);
  const own = binding as Readonly<Record<string, unknown>> | null;
  if (own?.["binding_id"] !== bindings[0]?.["id"]) fail("the daemon holds another binding", { own, bindings });
}

/** `jitnode activate …` until it says that the node is bound. */
function activation(
  name: string,
  who: "admin" | "member",
  to: string,
  args: (scene: Scene) => readonly string[],
  stdin?: (scene: Scene) => Promise<string>,
): Scenario {
  return {
    name,
    fresh: ["node"],
    victims: ["control", "daemon", "cli"],
    async attempt(scene, memory) {
      await scene.control.start();
      await scene.daemon.start();
      stays(memory, "thumbprint", await thumbprintOf(scene));
      const given = stdin === undefined ? undefined : await stdin(scene);
      const { code } = await scene.cli(["activate", ...args(scene)], who, given);
      return code === 0;
    },
    async check(scene, memory) {
      await scene.control.start();
      await scene.daemon.start();
      stays(new Map(memory), "thumbprint", await thumbprintOf(scene));
      await boundOnce(scene, memory, to);
    },
  };
}

/** Read by an administrator, whose command may be cut short as well. */
async function currentCode(scene: Scene): Promise<string> {
  for (let tries = 0; tries < 20; tries += 1) {
    await scene.control.start();
    const { code, stdout } = await scene.cli(["org", "code", "--org", org], "admin");
    if (code === 0) return stdout.trim();
  }
  throw new Error("an administrator could not see the binding code");
}

/** The prepared node's binding, ended once, and never back. */
async function unboundOnce(scene: Scene, by: string): Promise<void> {
  const tables = await scene.tables();
  assertInvariants(tables);
  if (liveBindings(tables).length > 0) fail("a binding lives", liveBindings(tables));
  if (tables.bindings.length !== 1 || tables.bindings[0]?.["ended_by"] !== by)
    fail(`not ended by ${by}`, tables.bindings);
  const found = await status(scene);
  if (found["state"] === "bound" || found["release_pending"] === true) fail("the daemon is not unbound", found);
}

const settled = async (scene: Scene): Promise<boolean> => {
  const found = await status(scene);
  return found["state"] !== "bound" && found["release_pending"] !== true;
};

export const scenarios: readonly Scenario[] = [
  activation("activation with a new organization", "admin", "brand-new", () => [
    "--create-org",
    "brand-new",
    "--org-name",
    "Brand new",
    "--accept-agreement",
  ]),
  activation("activation by binding code", "member", org, () => ["--binding-code-file", "-"], currentCode),
  {
    name: "the operator unbinds while the control plane is away",
    fresh: [],
    victims: ["control", "daemon", "cli"],
    async attempt(scene, memory) {
      await scene.daemon.start();
      if (memory.get("asked") !== "yes") {
        await scene.cli(["node", "unbind", "--yes"], "admin");
        if ((await status(scene))["state"] === "bound") return false;
        memory.set("asked", "yes");
      }
      await scene.control.start();
      return await settled(scene);
    },
    async check(scene) {
      await scene.control.start();
      await scene.daemon.stop();
      await scene.daemon.start();
      await unboundOnce(scene, "operator");
    },
  },
  {
    name: "an administrator unbinds a node",
    fresh: [],
    victims: ["control", "daemon", "cli"],
    async attempt(scene, memory) {
      await scene.control.start();
      await scene.daemon.start();
      if (memory.get("asked") !== "yes") {
        const { node } = await status(scene);
        const { id } = node as { readonly id: string };
        const { code } = await scene.cli(["node", "unbind", id, "--org", org, "--yes"], "admin");
        const gone = liveBindings(await scene.tables()).length === 0;
        if (code !== 0 && !gone) return false;
        memory.set("asked", "yes");
      }
      return await settled(scene);
    },
    async check(scene) {
      await scene.control.start();
      await scene.daemon.start();
      await unboundOnce(scene, "administrator");
    },
  },
  {
    name: "a member refreshes the binding code",
    fresh: [],
    victims: ["control", "cli"],
    async attempt(scene, memory) {
      await scene.control.start();
      if (!memory.has("old")) memory.set("old", await currentCode(scene));
      return (await scene.cli(["org", "code", "refresh", "--org", org], "member")).code === 0;
    },
    async check(scene, memory) {
      await scene.control.start();
      assertInvariants(await scene.tables());
      const code = await currentCode(scene);
      if (code === memory.get("old")) fail("the old code is the current one", {});
      const old = await scene.cli(["org", "join", "--binding-code-file", "-"], "admin", memory.get("old"));
      if (old.code === 0) fail("a refreshed code was accepted", old);
      if (liveBindings(await scene.tables()).length !== 1) fail("the node lost its binding", await scene.tables());
    },
  },
  {
    name: "an administrator removes a member",
    fresh: [],
    victims: ["control", "cli"],
    async attempt(scene, memory) {
      await scene.control.start();
      if (!memory.has("old")) memory.set("old", await currentCode(scene));
      return (await scene.cli(["org", "remove", scene.lane.memberId, "--org", org, "--yes"], "admin")).code === 0;
    },
    async check(scene, memory) {
      await scene.control.start();
      const tables = await scene.tables();
      assertInvariants(tables);
      if (tables.memberships.some((row) => row["account_id"] === scene.lane.memberId)) fail("still a member", {});
      if ((await currentCode(scene)) === memory.get("old")) fail("the removed person's code lives", {});
      const { code } = await scene.cli(["org", "members", "--org", org], "member");
      if (code === 0) fail("the removed person still sees the members", {});
    },
  },
  {
    name: "a terminal renews its session",
    fresh: [],
    victims: ["control", "cli"],
    async attempt(scene, memory) {
      await scene.control.start();
      if (!memory.has("began")) memory.set("began", String(performance.now()));
      const { code } = await scene.cli(["whoami"], "renewing");
      // An answer lost for longer than the retry window ends the session: the person signs in again, and nothing else.
      memory.set("ended", String(code === 4));
      memory.set("took", String(performance.now() - Number(memory.get("began"))));
      return code === 0 || code === 4;
    },
    async check(scene, memory) {
      await scene.control.start();
      assertInvariants(await scene.tables());
      // Also on a machine so busy that coming back at once takes longer than the window.
      const inTime = Number(memory.get("took")) < times.retryWindow * 1000;
      if (inTime && memory.get("ended") === "true") fail("the session ended", scene.kill);
    },
  },
  {
    name: "the first start of a control plane",
    fresh: ["control"],
    victims: ["control"],
    async attempt(scene, memory) {
      await scene.control.start();
      const link = scene.control
        .output()
        .match(/https?:\/\/\S+\/set-up\S*/g)
        ?.at(-1);
      if (link === undefined) return false;
      const wire = createWire({ urls: [scene.lane.issuer] });
      try {
        await createPerson({ wire, issuer: scene.lane.issuer, address: "127.0.0.1", login: "first", link });
        return true;
      } catch {
        // Made, and only the answer was lost?
        const made = (await scene.tables()).accounts.length > 0;
        memory.set("made", String(made));
        return made;
      } finally {
        wire.close();
      }
    },
    async check(scene) {
      await scene.control.start();
      const tables = await scene.tables();
      assertInvariants(tables);
      if (tables.accounts.length !== 1) fail("not exactly one account", tables.accounts);
    },
  },
];
