// Owns a light node: a key of its own and the messages of DESIGN section 3, without the daemon's loops. It keeps no
// state that matters, as a node that asks the control plane whenever it wants to know.
import { createDpopClient } from "./dpop-client.js";
import { assertionOf, createKey, nodeIdOf } from "./signing.js";
import { fields, outcomeOf, textOf, type Wire } from "./wire.js";

/** What a person reads off a node's screen. */
export type Shown = { readonly userCode: string; readonly number: string; readonly thumbprint: string };

export type NodeBinding =
  | { readonly state: "bound"; readonly bindingId: string; readonly organization: string }
  | { readonly state: "unbound"; readonly bindingId: string | undefined };

/** What the sequences do with a node, light or real. */
export type NodeUnderTest = {
  readonly id: string;
  /** Asks for an activation; `ok` shows what a person needs. */
  request(expectedOrg?: string): Promise<string>;
  /** What the last request showed. */
  shown(): Shown | undefined;
  cancel(): Promise<string>;
  /** Its operator ends the binding. */
  release(): Promise<string>;
  /** What the node itself believes after asking. */
  binding(): Promise<NodeBinding>;
};

export type LightNodeOptions = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly name: string;
  readonly address: string;
};

export function createLightNode({ wire, issuer, name, address }: LightNodeOptions): NodeUnderTest {
  const key = createKey();
  const client = createDpopClient({ wire, issuer, key, address });
  const id = nodeIdOf(key);
  let shown: Shown | undefined;
  let deviceCode: string | undefined;
  let accessToken: string | undefined;

  const signIn = async (): Promise<string> => {
    const answer = await client.form("/oauth/token", {
      grant_type: "client_credentials",
      client_id: id,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertionOf(key, issuer),
      scope: "node",
    });
    if (outcomeOf(answer) === "ok") accessToken = textOf(fields(answer), "access_token");
    return outcomeOf(answer);
  };

  const binding = async (): Promise<NodeBinding> => {
    if (accessToken === undefined) {
      const outcome = await signIn();
      // A key that never was bound is unknown to the control plane.
      if (outcome === "invalid_client") return { state: "unbound", bindingId: undefined };
      if (outcome !== "ok") throw new Error(`a node could not sign in: ${outcome}`);
    }
    const answer = await client.send({
      method: "GET",
      path: "/v1/node/binding",
      ...(accessToken === undefined ? {} : { accessToken }),
    });
    if (outcomeOf(answer) !== "ok") throw new Error(`GET /v1/node/binding: ${answer.text}`);
    const { state, binding_id: bindingId, organization } = fields(answer);
    if (state === "unbound") return { state, bindingId: typeof bindingId === "string" ? bindingId : undefined };
    const { id: org } = organization as { readonly id: string };
    return { state: "bound", bindingId: String(bindingId), organization: org };
  };

  return {
    id,
    shown: () => shown,
    async request(expectedOrg) {
      const answer = await client.form("/oauth/device_authorization", {
        client_id: "jitnode-node",
        scope: "node",
        node_name: name,
        node_version: "0.0.0",
        node_os: "test",
        expected_org: expectedOrg,
      });
      if (outcomeOf(answer) !== "ok") return outcomeOf(answer);
      const given = fields(answer);
      deviceCode = textOf(given, "device_code");
      shown = { userCode: textOf(given, "user_code"), number: textOf(given, "number"), thumbprint: key.thumbprint };
      return "ok";
    },
    async cancel() {
      if (deviceCode === undefined) return "no_activation";
      return outcomeOf(await client.form("/oauth/revoke", { client_id: "jitnode-node", token: deviceCode }));
    },
    async release() {
      const found = await binding();
      if (found.state === "unbound" || accessToken === undefined) return "not_bound";
      const answer = await client.send({
        method: "POST",
        path: "/v1/node/unbind",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ binding_id: found.bindingId }),
        accessToken,
      });
      return outcomeOf(answer);
    },
    binding,
  };
}
