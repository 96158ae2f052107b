// Owns nodes of a site that are nothing but a key and the messages of DESIGN section 3, without the daemon's loops.
import { randomUUID } from "node:crypto";
import { nodeIdOfKey, type KeyPair } from "../../../src/identity/keys.js";
import { signClientAssertion, signHeartbeat } from "../../../src/identity/proofs.js";
import { createCaller, seconds, textOf, type Answer, type Caller, type Lines, type Sent } from "./caller.js";
import { askedOf, deviceGrant, type Asked, type Terminal } from "./person.js";
import type { Site } from "./site.js";

export type LightNode = {
  readonly id: string;
  readonly key: KeyPair;
  readonly caller: Caller;
  /** Asks to be activated; throws when that is refused. */
  readonly ask: (options?: Partial<Sent>, expectedOrg?: string) => Promise<NodeRequest>;
  readonly poll: (request: NodeRequest, options?: Partial<Sent>) => Promise<Answer>;
  readonly cancel: (request: NodeRequest, options?: Partial<Sent>) => Promise<Answer>;
  /** Signs in by its key, and keeps the token for what follows. */
  readonly signIn: (options?: Partial<Sent>) => Promise<Answer>;
  readonly binding: (options?: Partial<Sent>) => Promise<Answer>;
  readonly events: (options?: Partial<Sent>) => Promise<Lines>;
  readonly release: (bindingId: string, options?: Partial<Sent>) => Promise<Answer>;
  readonly beat: (claims: Beat, options?: Partial<Sent>) => Promise<Answer>;
};

export type NodeRequest = Asked & { readonly answer: Answer; readonly deviceCode: string };
export type Beat = { readonly bindingId: string; readonly bootId: string; readonly seq: number };

export type Choice =
  | { readonly create: { readonly id: string; readonly name: string; readonly agreement: string } }
  | { readonly use: { readonly id: string } }
  | { readonly join: { readonly binding_code: string } };

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** A caller with the key of `twin`, if one is given, is the same node. */
export function createNode(site: Site, twin?: Pick<LightNode, "key">): LightNode {
  const caller = createCaller({
    url: site.url,
    contract: site.contract,
    replicas: site.controls.length,
    address: site.address(),
    ...(twin === undefined ? {} : { key: twin.key }),
  });
  const { key } = caller;
  const id = nodeIdOfKey(key);
  let token: string | undefined;
  const post = (path: string, json: unknown, options?: Partial<Sent>): Promise<Answer> =>
    caller.send({ token, ...options, method: "POST", path, json });
  const form = (path: string, fields: Readonly<Record<string, string | undefined>>, options?: Partial<Sent>) =>
    caller.send({ ...options, method: "POST", path, form: fields });

  const signIn: LightNode["signIn"] = async (options) => {
    const attempt = (): Promise<Answer> =>
      form(
        "/oauth/token",
        {
          grant_type: "client_credentials",
          client_assertion_type: assertionType,
          client_assertion: signClientAssertion(key, {
            clientId: id,
            issuer: site.url,
            issuedAt: seconds(),
            jti: randomUUID(),
          }),
        },
        options,
      );
    const answer = await attempt();
    if (answer.status === 200) token = textOf(answer.body, "access_token");
    return answer;
  };

  return {
    id,
    key,
    caller,
    signIn,
    async ask(options, expectedOrg) {
      const claims = { node_name: "builder", node_version: "1.2.3", node_os: "linux x64", expected_org: expectedOrg };
      const answer = await form("/oauth/device_authorization", { client_id: "jitnode-node", ...claims }, options);
      if (answer.status !== 200) throw new Error(`a node may not ask: ${answer.text}`);
      return { ...askedOf(answer), answer, deviceCode: textOf(answer.body, "device_code") };
    },
    poll: ({ deviceCode }, options) =>
      form("/oauth/token", { grant_type: deviceGrant, client_id: "jitnode-node", device_code: deviceCode }, options),
    cancel: ({ deviceCode }, options) =>
      form("/oauth/revoke", { client_id: "jitnode-node", token: deviceCode }, options),
    binding: (options) => caller.send({ token, ...options, method: "GET", path: "/v1/node/binding" }),
    events: (options) => caller.stream({ token, ...options, method: "GET", path: "/v1/node/events" }),
    release: (bindingId, options) => post("/v1/node/unbind", { binding_id: bindingId }, options),
    beat: ({ bindingId, bootId, seq }, options) => {
      const claims = { binding_id: bindingId, boot_id: bootId, seq, version: "1.2.3", at: new Date().toISOString() };
      return post("/v1/node/heartbeat", { heartbeat: signHeartbeat(key, claims) }, options);
    },
  };
}

export const approve = (
  terminal: Terminal,
  node: LightNode,
  { userCode, number }: Asked,
  organization: Choice,
  options: Partial<Sent> = {},
): Promise<Answer> =>
  terminal.post(
    `/v1/activations/${userCode}/approval`,
    { number, key_thumbprint: node.key.thumbprint, organization },
    options,
  );

export const deny = (terminal: Terminal, { userCode }: Asked, options: Partial<Sent> = {}): Promise<Answer> =>
  terminal.post(`/v1/activations/${userCode}/denial`, {}, options);

export const newOrg = (
  site: Site,
  id: string,
): { readonly create: Extract<Choice, { create: unknown }>["create"] } => ({
  create: { id, name: `The ${id}`, agreement: site.agreement },
});

/** A new node, bound to an organization of the person's. */
export async function bindNode(
  site: Site,
  terminal: Terminal,
  organization: Choice,
): Promise<LightNode & { readonly bindingId: string }> {
  const node = createNode(site);
  const answer = await approve(terminal, node, await node.ask(), organization);
  if (answer.status !== 200) throw new Error(`not approved: ${answer.text}`);
  await node.signIn();
  return { ...node, bindingId: textOf(answer.body, "binding_id") };
}
