// Organizations as their members use them: create, list, show, join by code.

import { asOrganizationId, type OrganizationId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import {
  organization as organizationSchema,
  type Agreement,
  type CreateOrganizationRequest,
  type JoinRequest,
  type Organization,
} from "../../protocol/people.js";
import type { ControlContext, Executor, PersonActor } from "../context.js";
import { findOwnOrganization, listOwnOrganizations, type OwnOrganization } from "../store/organizations.js";
import { requireAccess, subjectOf } from "./access.js";
import { readAgreement } from "./agreement.js";
import { foundOrganization } from "./founding.js";
import { runOnce, type Repeat } from "./idempotency.js";
import { joinOrganization } from "./joining.js";
import { limited } from "./limited.js";
import { toPage, type Page, type PageInput } from "./paging.js";

export interface Organizations {
  /** What a creator agrees to. */
  readonly agreement: Agreement;
  create(actor: PersonActor, input: CreateOrganizationRequest, repeat: Repeat): Promise<Organization>;
  join(actor: PersonActor, input: JoinRequest, repeat: Repeat): Promise<Organization>;
  list(actor: PersonActor, page: PageInput): Promise<Page<Organization>>;
  show(actor: PersonActor, org: string): Promise<Organization>;
}

export function createOrganizations(context: ControlContext): Organizations {
  const agreement = readAgreement(context.config);

  const read = async (executor: Executor, actor: PersonActor, id: OrganizationId): Promise<Organization> => {
    const row = await findOwnOrganization(executor, actor.accountId, id);
    if (row === undefined) throw new JitnodeError("org_not_found");
    return toOrganization(row);
  };

  return {
    agreement,

    async create(actor, input, repeat) {
      const { answer } = await limited(context, subjectOf(actor), ["org_creation"], () =>
        runOnce(context, actor.accountId, repeat, {
          answer: organizationSchema,
          work: async (tx) => {
            const { id } = await foundOrganization(context, agreement, tx, actor, input);
            return { kind: "done", answer: await read(tx, actor, id) };
          },
          authorizeReplay: async (tx, { id }) => void (await requireAccess(tx, actor, id, "see")),
        }),
      );
      return answer;
    },

    async join(actor, input, repeat) {
      const { answer } = await limited(context, subjectOf(actor), ["binding_code"], () =>
        runOnce(context, actor.accountId, repeat, {
          answer: organizationSchema,
          work: async (tx) => {
            const { id } = await joinOrganization(context, tx, actor, input.binding_code, input.expected_org);
            return { kind: "done", answer: await read(tx, actor, id) };
          },
          // Somebody removed since then has no part in it, and the code they used is dead.
          authorizeReplay: async (tx, { id }) => {
            const organizationId = asOrganizationId(id);
            const row = organizationId && (await findOwnOrganization(tx, actor.accountId, organizationId));
            if (row === undefined) throw new JitnodeError("binding_code_invalid");
          },
        }),
      );
      return answer;
    },

    async list(actor, page) {
      const rows = await listOwnOrganizations(context.store, actor.accountId, { ...page, limit: page.limit + 1 });
      return toPage(rows, page.limit, toOrganization, (row) => row.id);
    },

    async show(actor, org) {
      const id = asOrganizationId(org);
      if (id === undefined) throw new JitnodeError("org_not_found");
      return read(context.store, actor, id);
    },
  };
}

const toOrganization = (row: OwnOrganization): Organization => ({
  id: row.id,
  name: row.name,
  role: row.role,
  joined_at: toDate(row.joined_at),
  created_at: toDate(row.created_at),
  members: row.members,
  nodes: row.nodes,
});
