// Owns bound nodes for tests that do not care how they came to be.
import { asBindingId, nodeIdOf, type BindingId, type Thumbprint } from "../../../src/domain/ids.js";
import { createActivations } from "../../../src/control/services/activations.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import type { NodeActor } from "../../../src/control/context.js";
import { addPerson, addRequest, once, type TestContext } from "../control-context.js";

/** A node with this key, bound to an organization of its own. */
export async function bindRequest(
  context: TestContext,
  key: { readonly thumbprint: Thumbprint; readonly publicJwk: object },
): Promise<{ readonly actor: NodeActor; readonly bindingId: BindingId }> {
  const person = await addPerson(context);
  const { agreement } = createOrganizations(context);
  const node = await addRequest(context, { dpop_jkt: key.thumbprint, public_jwk: JSON.stringify(key.publicJwk) });
  const input = {
    number: node.number,
    key_thumbprint: key.thumbprint,
    organization: { create: { id: "acme", name: "Acme", agreement: agreement.version } },
  };
  const answer = await createActivations(context).approve(person, node.userCode, input, once(input));
  const bindingId = asBindingId(answer.binding_id);
  if (bindingId === undefined) throw new Error("not a binding id");
  const nodeId = nodeIdOf(key.thumbprint);
  return { actor: { kind: "node", nodeId, thumbprint: key.thumbprint, address: "198.51.100.7" }, bindingId };
}
