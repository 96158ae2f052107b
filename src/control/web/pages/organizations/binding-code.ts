// Refreshing the binding code: asked once more, since whoever was given the old one can no longer use it.

import type { FastifyInstance } from "fastify";
import { asIdempotencyKey } from "../../../services/idempotency.js";
import { JitnodeError } from "../../../../protocol/errors.js";
import { confirmPage } from "../../confirm.js";
import type { Site } from "../../site.js";
import { repeatOf } from "../decision.js";
import { inside } from "./inside.js";

export function bindingCodePages(app: FastifyInstance, site: Site): void {
  app.get(
    "/orgs/:org/code/refresh",
    inside(site, async ({ visit, texts, path, organization }) =>
      confirmPage(visit, {
        ...texts.refreshCode,
        kind: organization.name,
        action: `${path}/code/refresh`,
        key: site.formKey(),
        back: path,
      }),
    ),
  );

  app.post(
    "/orgs/:org/code/refresh",
    inside(site, async ({ visit, path, organization, fields }, reply) => {
      const key = asIdempotencyKey(fields["key"]);
      if (key === undefined) throw new JitnodeError("invalid_request");
      await site.bindingCodes.refresh(visit.actor, organization.id, repeatOf(key, `${path}/code/refresh`, {}));
      return site.go(reply, `${path}?code=shown`, "refreshed");
    }),
  );
}
