// GET /v1/me

import { me } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createMyself } from "../../services/me.js";
import { route } from "../route.js";

export const showMe: Routes = (app, context, authentication) => {
  const myself = createMyself(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/me",
    summary: "Your account and this session",
    caller: "activate",
    answers: { 200: me },
    handler: async ({ actor }) => ({ status: 200, body: await myself.show(actor) }),
  });
};
