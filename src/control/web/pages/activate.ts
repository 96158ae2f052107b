// The way of a request through the pages: enter the code, see what asks, decide, see how it ended.
//
// Opening a link looks nothing up and approves nothing: /activate?code=… fills the code in, and only sending that form
// looks it up. What asks is then shown at /activate/CODE?seen=…, where `seen` proves that this browser session sent the
// code itself; so links made by others can neither show a request nor use up somebody's attempts.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asUserCode, formatCode } from "../../../domain/codes.js";
import { JitnodeError } from "../../../protocol/errors.js";
import type { Activation } from "../../../protocol/people.js";
import { isSame } from "../../services/browser-sessions.js";
import type { TerminalRequest } from "../../services/terminal-sign-ins.js";
import { findOwnDecision } from "../../store/decisions.js";
import { only } from "../again.js";
import type { Fields, FormProblem, Values } from "../form.js";
import type { Page } from "../layout.js";
import type { PersonVisit, Site } from "../site.js";
import { activationTarget } from "../targets.js";
import { codePage } from "./code.js";
import { decisionShown, readDecision, repeatOf } from "./decision.js";
import { errorPage } from "./error.js";
import { nodeDecisionPage, nodeProblems, readApproval } from "./node-decision.js";
import { creationShown } from "./organizations/creation.js";
import { refusedPath } from "./refused.js";
import { resultPage } from "./result.js";
import { readTerminalApproval, terminalDecisionPage, terminalProblems } from "./terminal-decision.js";

type Asked =
  | { readonly client: "node"; readonly activation: Activation }
  | { readonly client: "terminal"; readonly request: TerminalRequest };

const organizationsShown = 200;

export function activatePages(app: FastifyInstance, site: Site): void {
  const { clock, secrets, store } = site.context;

  const proof = (visit: PersonVisit, code: string): string => visit.session.sign(`seen ${code}`);
  const placeOf = (visit: PersonVisit, code: string): string => `/activate/${code}?seen=${proof(visit, code)}`;

  /** Counts and refuses as the service does, whichever client asks. */
  const find = async (visit: PersonVisit, code: string): Promise<Asked> =>
    (await site.terminals.knows(code))
      ? { client: "terminal", request: await site.terminals.show(visit.actor, code) }
      : { client: "node", activation: await site.activations.show(visit.actor, code) };

  const stateOf = (asked: Asked): Activation["state"] =>
    asked.client === "node" ? asked.activation.state : asked.request.state;

  const render = async (visit: PersonVisit, asked: Asked, values: Values, problem?: FormProblem): Promise<Page> => {
    const code = asked.client === "node" ? asked.activation.user_code : asked.request.userCode;
    const state = stateOf(asked);
    if (state !== "pending") {
      const lookup = secrets.lookup("user_code", asUserCode(code) ?? "");
      const decision = await findOwnDecision(store, lookup, visit.actor.accountId);
      return resultPage(visit.texts, { client: asked.client, state, decision }, problem);
    }
    const common = {
      texts: visit.texts,
      now: clock.now(),
      token: visit.token,
      action: `/activate/${code}`,
      key: site.formKey(),
      values,
      problem,
    };
    if (asked.client === "terminal") return terminalDecisionPage({ ...common, request: asked.request });
    const { items } = await site.organizations.list(visit.actor, { after: undefined, limit: organizationsShown });
    return nodeDecisionPage({
      ...common,
      activation: asked.activation,
      organizations: items,
      mayCreate: visit.session.mayCreateOrganizations,
      agreement: site.organizations.agreement.version,
    });
  };

  const decide = async (visit: PersonVisit, code: string, fields: Values, asked: Asked): Promise<void> => {
    const { decision, key } = readDecision(fields);
    const path = `/activate/${code}`;
    if (asked.client === "terminal") {
      if (decision === "deny") {
        return await site.terminals.deny(visit.actor, code, repeatOf(key, path, { decision }));
      }
      const approval = readTerminalApproval(visit.texts, fields, asked.request);
      return await site.terminals.approve(visit.actor, code, approval, repeatOf(key, path, { decision, ...approval }));
    }
    const key_thumbprint = fields["key_thumbprint"] ?? "";
    if (decision === "deny") {
      const body = { decision, key_thumbprint };
      await site.activations.deny(visit.actor, code, { key_thumbprint }, repeatOf(key, path, body));
      return;
    }
    const approval = readApproval(visit.texts, fields, site.organizations.agreement);
    await site.activations.approve(visit.actor, code, approval, repeatOf(key, path, { decision, ...approval }));
  };

  app.get("/activate", async (request, reply) => {
    const typed = codeOf(request.query);
    const visit = await site.person(request, reply, activationTarget(typed));
    if (visit === undefined) return reply;
    const { values, problem } = site.refusal(request, visit, codeProblems);
    return site.show(reply, visit, codePage(visit.texts, visit.token, values["code"] ?? typed, problem));
  });

  app.post("/activate", async (request, reply) => {
    const visit = await site.person(request, reply, "/activate");
    if (visit === undefined) return reply;
    const fields = site.personFields(request, visit);
    const typed = fields["code"] ?? "";
    try {
      const code = asUserCode(typed);
      if (code === undefined) {
        const { malformed, malformedHint } = visit.texts.code;
        throw new JitnodeError("activation_unknown", { message: malformed, hint: malformedHint });
      }
      await find(visit, code);
      return site.go(reply, placeOf(visit, formatCode(code)));
    } catch (error) {
      return site.again(reply, visit, "/activate", error, only(fields, "code"));
    }
  });

  app.get("/activate/:code", async (request, reply) => {
    const code = pathCode(request);
    const visit = await site.person(request, reply, activationTarget(code));
    if (visit === undefined) return reply;
    const { seen } = request.query as { readonly seen?: unknown };
    if (!isSame(typeof seen === "string" ? seen : undefined, proof(visit, code))) {
      return site.go(reply, activationTarget(code));
    }
    return await showing(reply, visit, async () => {
      const asked = await find(visit, code);
      const { values, problem } = site.refusal(request, visit, problemsOf(asked));
      return await render(visit, asked, values, problem);
    });
  });

  app.post("/activate/:code", async (request, reply) => {
    const code = pathCode(request);
    const visit = await site.person(request, reply, activationTarget(code));
    if (visit === undefined) return reply;
    const fields = site.personFields(request, visit);
    return await showing(reply, visit, async () => {
      const asked = await find(visit, code);
      if (stateOf(asked) !== "pending") return placeOf(visit, code);
      try {
        await decide(visit, code, fields, asked);
        return placeOf(visit, code);
      } catch (error) {
        if (error instanceof JitnodeError && error.code === "activation_decided") return placeOf(visit, code);
        const shown = only(fields, "organization", ...creationShown, ...decisionShown(error));
        return site.again(reply, visit, placeOf(visit, code), error, shown);
      }
    });
  });

  /** A page, a place to go to, or an error page that leads back to entering a code. */
  const showing = async (
    reply: FastifyReply,
    visit: PersonVisit,
    work: () => Promise<Page | string | FastifyReply>,
  ): Promise<FastifyReply> => {
    try {
      const outcome = await work();
      if (typeof outcome === "string") return site.go(reply, outcome);
      return "main" in outcome ? site.show(reply, visit, outcome) : outcome;
    } catch (error) {
      if (!(error instanceof JitnodeError) || error.status >= 500) throw error;
      if (reply.request.method === "POST") return site.again(reply, visit, refusedPath, error, { back: "/activate" });
      return site.show(
        reply,
        visit,
        errorPage(visit.texts, error, { href: "/activate", text: visit.texts.result.another }),
      );
    }
  };
}

const problemsOf = ({ client }: Asked): Fields => (client === "node" ? nodeProblems : terminalProblems);

const codeProblems = { activation_unknown: "code", activation_expired: "code", activation_cancelled: "code" } as const;

function codeOf(query: unknown): string | undefined {
  const { code } = (query ?? {}) as { readonly code?: unknown };
  return typeof code === "string" && code.length <= 64 ? code : undefined;
}

/** The code of a path, as it is shown; anything else is no page of ours. */
function pathCode(request: FastifyRequest): string {
  const code = asUserCode((request.params as { readonly code: string }).code);
  if (code === undefined) throw new JitnodeError("not_found");
  return formatCode(code);
}
