// Owns the real daemon as the sequences see it: through its socket, as its operator.
import type { NodeBinding, NodeUnderTest, Shown } from "./test-node.js";
import { createWire, fields, outcomeOf, textOf, type Answer } from "./wire.js";

export type RealNodeOptions = {
  /** Asked each time: a restarted daemon is another process. */
  readonly socket: () => string;
  readonly server: string;
};

const patience = 15_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

export type RealNode = NodeUnderTest & {
  /** Waits until the daemon agrees; fails with its status when it does not. */
  settle(wanted: "bound" | "unbound" | "not pending"): Promise<void>;
  /** Unbound, and nothing shown: as a sequence finds it. */
  reset(): Promise<void>;
};

export async function createRealNode({ socket, server }: RealNodeOptions): Promise<RealNode> {
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const wire = createWire({ socket: socket() });
    try {
      return await wire.send({
        method,
        path,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    } finally {
      wire.close();
    }
  };
  const status = async () => fields(await ask("GET", "/v1/status"));
  const identity = fields(await ask("GET", "/v1/identity"));
  let shown: Shown | undefined;

  const show = (given: Readonly<Record<string, unknown>>): void => {
    const node = given["node"] as Readonly<Record<string, unknown>>;
    shown = {
      userCode: textOf(given, "user_code"),
      number: textOf(given, "number"),
      thumbprint: textOf(node, "key_thumbprint"),
    };
  };

  const binding = async (): Promise<NodeBinding> => {
    const found = (await status())["binding"] as Readonly<Record<string, unknown>> | null;
    if (found === null) return { state: "unbound", bindingId: undefined };
    const { id } = found["organization"] as { readonly id: string };
    return { state: "bound", bindingId: textOf(found, "binding_id"), organization: id };
  };

  const agrees = (found: Readonly<Record<string, unknown>>, wanted: "bound" | "unbound" | "not pending"): boolean => {
    if (found["release_pending"] === true) return false;
    // After a restart the daemon may have made another request by itself.
    if (wanted === "not pending") {
      const activation = found["activation"] as Readonly<Record<string, unknown>> | null;
      const same = activation?.["state"] === "pending" && activation["user_code"] === shown?.userCode;
      return found["state"] !== "bound" && !same;
    }
    return (found["state"] === "bound") === (wanted === "bound");
  };
  const settle: RealNode["settle"] = async (wanted) => {
    const deadline = performance.now() + patience;
    for (;;) {
      const found = await status();
      if (agrees(found, wanted)) return;
      if (performance.now() > deadline) throw new Error(`the daemon is not ${wanted}: ${JSON.stringify(found)}`);
      await ask("POST", "/v1/activation/check");
      await pause();
    }
  };

  return {
    id: textOf(identity, "id"),
    shown: () => shown,
    async request() {
      const answer = await ask("POST", "/v1/activation", { server });
      if (outcomeOf(answer) === "ok") show(fields(answer));
      return outcomeOf(answer);
    },
    cancel: async () => outcomeOf(await ask("DELETE", "/v1/activation")),
    release: async () => outcomeOf(await ask("DELETE", "/v1/binding")),
    binding,
    async reset() {
      await ask("DELETE", "/v1/activation");
      await ask("DELETE", "/v1/binding");
      shown = undefined;
      await settle("unbound");
    },
    settle,
  };
}
