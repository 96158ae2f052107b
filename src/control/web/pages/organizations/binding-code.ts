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
    inside(site, async ({ visit, texts, path, organization }, { request }) =>
      confirmPage(visit, {
        ...texts.refreshCode,
        kind: organization.name,
        action: `${path}/code/refresh`,
        key: site.formKey(),
        back: path,
        problem: site.refusal(request, visit).problem,
      }),
    ),
  );

  app.post(
    "/orgs/:org/code/refresh",
    inside(site, async ({ visit, path, organization, fields }, reply) => {
      const key = asIdempotencyKey(fields["key"]);
      if (key === undefined) throw new JitnodeError("invalid_request");
      const action = `${path}/code/refresh`;
      try {
        await site.bindingCodes.refresh(visit.actor, organization.id, repeatOf(key, action, {}));
      } catch (error) {
        if (!(error instanceof JitnodeError) || error.code !== "rate_limited") throw error;
        return site.again(reply, visit, action, error);
      }
      return site.go(reply, `${path}?code=shown`, "refreshed");
    }),
  );
}
