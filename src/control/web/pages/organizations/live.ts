// The event stream behind the pages of an organization (web/script reads it). It says that something changed, never what.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import { createStreamKeeper, sendStream, streamOf } from "../../../http/stream.js";
import { requireAccess } from "../../../services/access.js";
import { organizationChanges, type Following } from "../../../services/organization-changes.js";
import { personAt } from "../../../services/browser-sessions.js";
import { setPageHeaders } from "../../headers.js";
import type { Site } from "../../site.js";

/** Of one browser session. Tabs that nobody looks at hold none. */
const streamsOfOneSession = 6;

export function livePages(app: FastifyInstance, site: Site): void {
  const { context } = site;
  const streams = createStreamKeeper(streamsOfOneSession, (oldest) => {
    // Without this word the browser would come back and displace the next one.
    oldest.push("event: full\ndata:\n\n");
    oldest.push(null);
  });

  // A HEAD would read on and on.
  app.get("/orgs/:org/events", { exposeHeadRoute: false }, async (request, reply) => {
    const { session, visitor } = await site.visit(request);
    setPageHeaders(reply).header("x-accel-buffering", "no");
    if (session === undefined) throw new JitnodeError("sign_in_needed");
    const actor = personAt(session, visitor.address);
    const { org } = request.params as { readonly org: string };
    const orgId = await requireAccess(context.store, actor, org, "see");
    const stream = streamOf((signal) => eventsOf(site, { actor, session, orgId, signal }), {
      log: context.log,
      fields: { org: orgId },
    });
    return sendStream(reply, "text/event-stream; charset=utf-8", streams.keep(session.id, stream));
  });
}

async function* eventsOf(site: Site, following: Following): AsyncGenerator<string> {
  // Not all at once after a restart.
  yield `retry: ${String(2000 + site.context.random.below(3000))}\n\n`;
  for await (const change of organizationChanges(site.context, site.sessions, following)) {
    yield change === "ping" ? ": ping\n\n" : `event: ${change}\ndata:\n\n`;
  }
}
