// GET /v1/me/sessions, DELETE /v1/me/sessions/{id}

import { sessionList } from "../../../protocol/people.js";
import { Type } from "../../../protocol/schema.js";
import type { Routes } from "../../context.js";
import { createMyself } from "../../services/me.js";
import { route } from "../route.js";

export const sessions: Routes = (app, context, authentication) => {
  const myself = createMyself(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/me/sessions",
    summary: "Terminals and browsers in which you are signed in",
    caller: "people",
    answers: { 200: sessionList },
    handler: async ({ actor }) => ({ status: 200, body: await myself.sessions(actor) }),
  });
  route(app, authentication, {
    method: "DELETE",
    url: "/v1/me/sessions/:id",
    summary: "End one of your sessions at once; also when it has ended already",
    caller: "people",
    params: Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }) }),
    answers: { 204: null },
    async handler({ actor, params }) {
      await myself.endSession(actor, params.id);
      return { status: 204 };
    },
  });
};
