// Signing this browser out. The button at the head of every page does it at once; here is asked first.

import type { FastifyInstance } from "fastify";
import { confirmPage } from "../confirm.js";
import type { Site } from "../site.js";

export function signOutPage(app: FastifyInstance, site: Site): void {
  app.get("/sign-out", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    return site.show(reply, visit, confirmPage(visit, { ...visit.texts.signOutPage, action: "/sign-out", back: "/" }));
  });

  app.post("/sign-out", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    site.personFields(request, visit);
    await site.sessions.end(visit.session, visit.visitor.address);
    return site.leave(reply);
  });
}
