// Nodes as authentication sees them: an id and the key it stands for.

import type { NodeId, Thumbprint } from "../../domain/ids.js";
import type { Nodes } from "./schema.js";
import { statement } from "./statement.js";
import type { Executor } from "./store.js";

export type NodeKey = Pick<Nodes, "id" | "thumbprint" | "public_jwk">;

const byId = statement((db, the: { readonly id: NodeId }) =>
  db.selectFrom("nodes").select(["id", "thumbprint", "public_jwk"]).where("id", "=", the.id),
);
const byKey = statement((db, the: { readonly thumbprint: Thumbprint }) =>
  db.selectFrom("nodes").select(["id", "thumbprint", "public_jwk"]).where("thumbprint", "=", the.thumbprint),
);

export const findNodeKey = async (executor: Executor, id: NodeId): Promise<NodeKey | undefined> =>
  (await byId(executor, { id })).rows[0];

export const findNodeByKey = async (executor: Executor, thumbprint: Thumbprint): Promise<NodeKey | undefined> =>
  (await byKey(executor, { thumbprint })).rows[0];
