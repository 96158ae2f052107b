// The person of `jitnode dev`: makes the first account by the set-up link, and approves the sign-in of the command line,
// through the pages that everybody uses.

import type { HttpClient } from "../../../platform/http-client.js";
import { JitnodeError } from "../../../protocol/errors.js";
import type { ShownRequest } from "../../show-request.js";
import type { DevAccount } from "./account.js";
import { createFormClient, type FormClient, type Page, type PageForm } from "./form-client.js";

export interface DevPerson {
  setUp(link: string): Promise<void>;
  /** Signs in if need be, enters the code and the number, and approves. */
  approve(request: ShownRequest): Promise<void>;
}

/** The form that has all of these fields. */
const formWith = (page: Page, ...names: readonly string[]): PageForm | undefined =>
  page.forms.find((form) => names.every((name) => form.names.has(name)));

const mostPages = 6;

export function createDevPerson(http: HttpClient, origin: string, account: DevAccount, signal: AbortSignal): DevPerson {
  const { login, password } = account;
  const pathOf = (link: string): string => {
    const url = new URL(link);
    if (url.origin !== origin) throw new JitnodeError("control_plane_mismatch");
    return `${url.pathname}${url.search}`;
  };
  return {
    async setUp(link) {
      const client = createFormClient(http, origin, signal);
      const page = await client.open(pathOf(link));
      const form = formWith(page, "login", "name", "password");
      if (form === undefined) throw unexpected(page);
      const next = await client.submit(page, form, { login, name: account.name, password });
      if (next.status >= 400 || formWith(next, "login", "password") !== undefined) throw unexpected(next);
    },
    async approve(request) {
      const client = createFormClient(http, origin, signal);
      let page = await client.open(pathOf(request.link));
      for (let step = 0; step < mostPages; step += 1) {
        const next = await answerPage(client, page, request, { login, password });
        if (next === undefined) return;
        if (next.status >= 400) throw unexpected(next);
        page = next;
      }
      throw unexpected(page);
    },
  };
}

/** The next page; undefined when nothing is asked any more. */
function answerPage(
  client: FormClient,
  page: Page,
  request: ShownRequest,
  credentials: Readonly<Record<"login" | "password", string>>,
): Promise<Page> | undefined {
  const decision = formWith(page, "number");
  if (decision !== undefined) {
    return client.submit(page, decision, { number: request.number ?? "", decision: "approve" });
  }
  const signIn = formWith(page, "login", "password");
  if (signIn !== undefined) return client.submit(page, signIn, credentials);
  const code = formWith(page, "code");
  return code === undefined ? undefined : client.submit(page, code, { code: request.userCode });
}

const unexpected = (page: Page): JitnodeError =>
  new JitnodeError("control_plane_unexpected", {
    message: `The page ${page.path.split("?")[0] ?? ""} answered ${page.status} where a form was expected.`,
    hint: "See .jitnode-dev/jitnode-control.log; remove .jitnode-dev to start afresh.",
  });
