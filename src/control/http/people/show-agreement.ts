// GET /v1/agreement: a public document, so that it can be read before anybody signs in.

import { agreement } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { readAgreement } from "../../services/agreement.js";
import { route } from "../route.js";

export const showAgreement: Routes = (app, context, authentication) => {
  const current = readAgreement(context.config);
  route(app, authentication, {
    method: "GET",
    url: "/v1/agreement",
    summary: "The agreement that the creator of an organization accepts, and its version",
    caller: "public",
    answers: { 200: agreement },
    handler: async () => ({ status: 200, body: current }),
  });
};
