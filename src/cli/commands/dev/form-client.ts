// A browser of the smallest kind, for the pages of one control plane: cookies, redirects, and forms whose fields are
// filled in by name. What a person does in a browser, `jitnode dev` does with this: there is no other door.

import type { HttpClient } from "../../../platform/http-client.js";
import { JitnodeError } from "../../../protocol/errors.js";

export interface PageForm {
  readonly action: string;
  /** Fields that the form came with, hidden ones included. */
  readonly values: ReadonlyMap<string, string>;
  readonly names: ReadonlySet<string>;
}

export interface Page {
  readonly path: string;
  readonly status: number;
  readonly forms: readonly PageForm[];
}

export interface FormClient {
  open(path: string): Promise<Page>;
  /** Sends the form with its own values and these, which include the value of the button that is pressed. */
  submit(page: Page, form: PageForm, filled: Readonly<Record<string, string>>): Promise<Page>;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const decode = (text: string): string => text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}="([^"]*)"`, "i").exec(tag);
  return match?.[1] === undefined ? undefined : decode(match[1]);
}

export function readForms(html: string, path: string): readonly PageForm[] {
  return [...html.matchAll(/<form\b[^]*?<\/form>/gi)].map(([source]) => {
    const values = new Map<string, string>();
    const names = new Set<string>();
    for (const [tag] of source.matchAll(/<(?:input|select|textarea)\b[^>]*>/gi)) {
      const name = attribute(tag, "name");
      const type = attribute(tag, "type");
      if (name === undefined) continue;
      names.add(name);
      const value = attribute(tag, "value");
      if (value !== undefined && type !== "radio" && type !== "checkbox") values.set(name, value);
    }
    return { action: attribute(/^<form[^>]*>/i.exec(source)?.[0] ?? "", "action") ?? path, values, names };
  });
}

const mostRedirects = 8;

export function createFormClient(http: HttpClient, origin: string, signal: AbortSignal): FormClient {
  const cookies = new Map<string, string>();

  /** Headers of the same name arrive joined by commas; a date of a cookie has one as well. */
  function keepCookies(header: string | undefined): void {
    for (const cookie of (header ?? "").split(/, (?=[^\s;,=]+=)/)) {
      const [, name, value = ""] = /^([^\s;,=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name === undefined) continue;
      if (value === "" || /;\s*max-age=0/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
  }

  async function visit(method: "GET" | "POST", path: string, body?: string, redirects = 0): Promise<Page> {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await http.send({
      method,
      url: `${origin}${path}`,
      signal,
      headers: {
        accept: "text/html",
        "user-agent": "jitnode-dev",
        ...(jar === "" ? {} : { cookie: jar }),
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded", origin }),
      },
      ...(body === undefined ? {} : { body }),
    });
    if (answer.kind === "failure") {
      throw new JitnodeError(answer.reason === "aborted" ? "interrupted" : "control_plane_unreachable");
    }
    keepCookies(answer.headers["set-cookie"]);
    const location = answer.headers["location"];
    if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
      const next = new URL(location, `${origin}${path}`);
      if (next.origin !== origin || redirects === mostRedirects) throw new JitnodeError("control_plane_unexpected");
      return visit("GET", `${next.pathname}${next.search}`, undefined, redirects + 1);
    }
    return { path, status: answer.status, forms: readForms(answer.body, path) };
  }

  return {
    open: (path) => visit("GET", path),
    submit: (_page, form, filled) => {
      const fields = new URLSearchParams([...form.values]);
      for (const [name, value] of Object.entries(filled)) fields.set(name, value);
      return visit("POST", form.action, fields.toString());
    },
  };
}
