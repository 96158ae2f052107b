// The client side of a control plane against one that misbehaves: what is an answer, what is not, nonces and clocks.
import { describe, expect, test } from "vitest";
import { createControlTransport, parseServer, type ControlTransport } from "../../../src/client/control-transport.js";
import { pollDevice, requestDevice, revokeToken } from "../../../src/client/device-flow.js";
import { createNodeApi, type NodeApi } from "../../../src/client/node-api.js";
import { generateKeyPair, nodeIdOfKey, type KeyPair } from "../../../src/identity/keys.js";
import { createClock, type Clock } from "../../../src/platform/clock.js";
import { createHttpClient } from "../../../src/platform/http-client.js";
import { createRandom } from "../../../src/platform/random.js";
import { JitnodeError } from "../../../src/protocol/errors.js";
import { nodeBinding } from "../../../src/protocol/nodes.js";
import { onEnd } from "../../support/cleanup.js";
import { startFakeControlPlane, type FakeControlPlane, type Misbehaviour } from "../../emulators/control-plane.js";

type Setup = {
  readonly fake: FakeControlPlane;
  readonly transport: ControlTransport;
  readonly api: NodeApi;
  readonly key: KeyPair;
};

async function setUp(options: { readonly clock?: Clock } = {}): Promise<Setup> {
  const fake = await startFakeControlPlane();
  onEnd(() => fake.stop());
  const http = createHttpClient();
  onEnd(() => http.close());
  const [key, clock, random] = [generateKeyPair(), options.clock ?? createClock(), createRandom()];
  const transport = createControlTransport({ server: `${fake.url}/`, http, key, clock, random });
  return { fake, transport, key, api: createNodeApi({ transport, key, nodeId: nodeIdOfKey(key), clock, random }) };
}

const asNode = { clientId: "jitnode-node", scope: "node" } as const;
const codeOf = (answer: object): string | undefined =>
  "error" in answer && answer.error instanceof JitnodeError ? answer.error.code : undefined;

async function activate({ fake, transport }: Setup): Promise<void> {
  const asked = await requestDevice(transport, asNode);
  expect(asked.kind).toBe("requested");
  fake.approve();
}

describe("the URL of a control plane", () => {
  test.each(["https://control.example.com", "http://127.0.0.1:7070/", "http://localhost:1", "http://[::1]:7070"])(
    "%s is taken",
    (url) => expect(parseServer(url, false)).toBe(new URL(url).origin),
  );
  test.each(["http://control.example.com", "https://a/path", "ftp://a", "https://u:p@a", "", "x", "https://a/?q"])(
    "%s is refused",
    (url) => expect(() => parseServer(url, false)).toThrow(JitnodeError),
  );
  test("http:// elsewhere needs to be allowed", () => {
    expect(parseServer("http://control.example.com", true)).toBe("http://control.example.com");
  });
});

describe("what is not an answer of a control plane", () => {
  const codes: readonly (readonly [Misbehaviour, string])[] = [
    ["html", "control_plane_unexpected"],
    ["garbage", "control_plane_unexpected"],
    ["huge", "control_plane_unexpected"],
    ["error", "control_plane_error"],
    ["reset", "control_plane_unreachable"],
  ];
  test.each(codes)("%s in place of the metadata is %s", async (misbehaviour, code) => {
    const { fake, transport } = await setUp();
    fake.misbehave = () => misbehaviour;
    expect(codeOf(await transport.metadata())).toBe(code);
  });

  test.each(codes)("%s in place of a token is %s, and never a token", async (misbehaviour, code) => {
    const { fake, transport } = await setUp();
    await transport.metadata();
    fake.misbehave = ({ path }) => (path === "/oauth/token" ? misbehaviour : undefined);
    const answer = await pollDevice(transport, { clientId: "jitnode-node", deviceCode: "x".repeat(30), interval: 1 });
    expect(codeOf(answer)).toBe(code);
  });

  test("silence is unreachable after the time given", async () => {
    const { fake, transport } = await setUp();
    fake.misbehave = () => "silent";
    expect(codeOf(await transport.metadata({ timeout: 50 }))).toBe("control_plane_unreachable");
  });

  test("a caller who gives up is told that it was interrupted", async () => {
    const { fake, transport } = await setUp();
    fake.misbehave = () => "silent";
    expect(codeOf(await transport.metadata({ signal: AbortSignal.timeout(20) }))).toBe("interrupted");
  });

  test("nobody at the address is unreachable, and found again when it is back", async () => {
    const { fake, transport } = await setUp();
    await fake.stop();
    expect(codeOf(await transport.metadata())).toBe("control_plane_unreachable");
    await fake.listen();
    expect((await transport.metadata()).kind).toBe("ok");
  });

  test.each([
    ["another issuer", { issuer: "https://control.example.com" }],
    ["its own issuer with a slash", (fake: FakeControlPlane) => ({ issuer: `${fake.url}/` })],
    ["a token endpoint elsewhere", { token_endpoint: "https://evil.example/token" }],
    ["a revocation endpoint elsewhere", { revocation_endpoint: "http://127.0.0.1:1/revoke" }],
  ] as const)("metadata with %s is a mismatch", async (_name, change) => {
    const { fake, transport } = await setUp();
    fake.metadata = (document) => ({ ...document, ...(typeof change === "function" ? change(fake) : change) });
    expect(codeOf(await transport.metadata())).toBe("control_plane_mismatch");
  });

  test("a link for people that leads elsewhere is refused", async () => {
    const { fake, transport } = await setUp();
    fake.deviceAnswer = (answer) => ({ ...answer, verification_uri_complete: "https://evil.example/activate" });
    expect(codeOf(await requestDevice(transport, asNode))).toBe("control_plane_mismatch");
  });
});

describe("proofs", () => {
  test("a nonce is taken up, used at once, and kept", async () => {
    const setup = await setUp();
    await activate(setup);
    const answer = await setup.api.binding();
    expect(answer.kind).toBe("ok");
    const before = setup.fake.requests.length;
    expect((await setup.api.binding()).kind).toBe("ok");
    expect(setup.fake.requests.length - before).toBe(1);
  });

  test.each([2 * 60 * 60 * 1000, -2 * 60 * 60 * 1000])("clocks %i ms apart do not matter", async (offset) => {
    const setup = await setUp();
    setup.fake.clockOffset = offset;
    await activate(setup);
    expect((await setup.api.binding()).kind).toBe("ok");
    expect(Math.abs((setup.transport.clockOffset() ?? 0) - offset)).toBeLessThan(5000);
  });

  test("a clock that jumps while the program runs costs one more attempt", async () => {
    const setup = await setUp();
    await activate(setup);
    setup.fake.clockOffset = 2 * 60 * 60 * 1000;
    expect((await setup.api.binding()).kind).toBe("ok");
  });

  test("a control plane that always wants another nonce is asked twice, not forever", async () => {
    const { fake, transport } = await setUp();
    await transport.metadata();
    const answer = await transport.api("GET", "/v1/node/binding", { accessToken: "none", schema: nodeBinding });
    expect(answer.kind).toBe("problem");
    expect(fake.requests.filter(({ path }) => path === "/v1/node/binding").length).toBeLessThanOrEqual(2);
  });
});

describe("the device grant, step by step", () => {
  const poll = ({ fake, transport }: Setup) =>
    pollDevice(transport, { clientId: "jitnode-node", deviceCode: fake.grants.at(-1)?.deviceCode ?? "", interval: 5 });

  test("pending, slow_down, then a grant", async () => {
    const setup = await setUp();
    const asked = await requestDevice(setup.transport, {
      ...asNode,
      details: { node_name: "n", expected_org: undefined },
    });
    expect(asked).toMatchObject({
      kind: "requested",
      request: { number: "42", user_code: setup.fake.grants[0]?.userCode },
    });
    expect(setup.fake.grants[0]?.form.get("node_name")).toBe("n");
    expect(setup.fake.grants[0]?.form.has("expected_org")).toBe(false);
    expect(await poll(setup)).toEqual({ kind: "pending", interval: 5 });
    setup.fake.slowDown = true;
    expect(await poll(setup)).toEqual({ kind: "slow_down", interval: 10 });
    setup.fake.approve();
    expect((await poll(setup)).kind).toBe("grant");
  });

  test("denied, revoked and expired are told apart", async () => {
    const setup = await setUp();
    await requestDevice(setup.transport, asNode);
    setup.fake.deny();
    expect(await poll(setup)).toEqual({ kind: "denied" });
    await requestDevice(setup.transport, asNode);
    const token = setup.fake.grants.at(-1)?.deviceCode ?? "";
    expect(await revokeToken(setup.transport, { clientId: "jitnode-node", token })).toEqual({ kind: "revoked" });
    expect(await poll(setup)).toMatchObject({ kind: "refused", error: "invalid_grant" });
    setup.fake.deviceCodeLife = 1;
    await requestDevice(setup.transport, asNode);
    setup.fake.clockOffset = 10_000;
    expect(await poll(setup)).toEqual({ kind: "expired" });
  });
});

describe("a node's API", () => {
  test("a key that is not known is rejected, trouble of the control plane is a failure", async () => {
    const { fake, api } = await setUp();
    expect(await api.binding()).toMatchObject({ kind: "rejected", error: { code: "node_unknown" } });
    fake.misbehave = ({ path }) => (path === "/oauth/token" ? "error" : undefined);
    expect((await api.binding()).kind).toBe("failure");
  });

  test("a token is used again, and replaced when it is no longer taken", async () => {
    const setup = await setUp();
    await activate(setup);
    await setup.api.binding();
    await setup.api.heartbeat({
      binding_id: "JB_1111111111111111",
      boot_id: "bootboot",
      seq: 1,
      version: "1",
      at: new Date(0).toISOString(),
    });
    const tokens = () => setup.fake.requests.filter(({ path }) => path === "/oauth/token").length;
    const before = tokens();
    setup.fake.accessTokenLife = 1;
    expect((await setup.api.binding()).kind).toBe("ok");
    expect(tokens()).toBe(before);
  });

  test("events begin with the state, follow changes, and end when the control plane closes", async () => {
    const setup = await setUp();
    await activate(setup);
    const answer = await setup.api.events();
    if (answer.kind !== "stream") throw new Error(answer.kind);
    const seen: string[] = [];
    for await (const event of answer.events) {
      if (event.type !== "binding") continue;
      seen.push(event.binding.state);
      if (event.binding.state === "bound") setup.fake.unbind();
      else setup.fake.closeStreams();
    }
    expect(seen).toEqual(["bound", "unbound"]);
  });

  test("a stream without a word for a minute is dead", async () => {
    const real = createClock();
    // The minute passes at once; everything shorter takes its time.
    const clock: Clock = { now: real.now, sleep: (ms, signal) => real.sleep(ms >= 60_000 ? 20 : ms, signal) };
    const setup = await setUp({ clock });
    await activate(setup);
    const answer = await setup.api.events();
    if (answer.kind !== "stream") throw new Error(answer.kind);
    const read = async (): Promise<void> => {
      for await (const event of answer.events) expect(event.type).toBe("binding");
    };
    await expect(read()).rejects.toMatchObject({ code: "control_plane_unreachable" });
    await expect.poll(() => setup.fake.streams()).toBe(0);
  });

  test("a line that is no event breaks the stream", async () => {
    const setup = await setUp();
    await activate(setup);
    setup.fake.bindingAnswer = () => ({ state: "elsewhere" });
    const answer = await setup.api.events();
    if (answer.kind !== "stream") throw new Error(answer.kind);
    await expect(answer.events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "control_plane_unexpected",
    });
  });
});
