// Nodes as authentication sees them: an id and the key it stands for.

import type { NodeId, Thumbprint } from "../../domain/ids.js";
import type { Nodes } from "./schema.js";
import type { Executor } from "./store.js";

export type NodeKey = Pick<Nodes, "id" | "thumbprint" | "public_jwk">;

export const findNodeKey = (executor: Executor, id: NodeId): Promise<NodeKey | undefined> =>
  executor.db.selectFrom("nodes").select(["id", "thumbprint", "public_jwk"]).where("id", "=", id).executeTakeFirst();

export const findNodeByKey = (executor: Executor, thumbprint: Thumbprint): Promise<NodeKey | undefined> =>
  executor.db
    .selectFrom("nodes")
    .select(["id", "thumbprint", "public_jwk"])
    .where("thumbprint", "=", thumbprint)
    .executeTakeFirst();
