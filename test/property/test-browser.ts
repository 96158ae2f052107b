// Owns a browser of the smallest kind: cookies, redirects, and forms whose fields are filled in by name, as somebody
// without JavaScript does.
import type { Answer, Wire } from "./wire.js";

export type Form = {
  readonly action: string;
  readonly method: string;
  /** The values that it came with: hidden ones, chosen ones. */
  readonly values: ReadonlyMap<string, string>;
  readonly names: ReadonlySet<string>;
  readonly buttons: readonly { readonly name: string; readonly value: string; readonly text: string }[];
};

export type Page = {
  readonly path: string;
  readonly status: number;
  readonly html: string;
  readonly forms: readonly Form[];
};

export type TestBrowser = {
  open(path: string): Promise<Page>;
  /** Sends the form that has all of these fields, with the button of that value or text if one is named. */
  submit(page: Page, filled: Readonly<Record<string, string>>, button?: RegExp): Promise<Page>;
};

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'" };
const decode = (text: string): string => text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}(?:\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+)))?(?=[\\s>/])`, "i").exec(tag);
  return match === null ? undefined : decode(match[1] ?? match[2] ?? match[3] ?? "");
}

function readForm(source: string, path: string): Form {
  const opening = /^<form[^>]*>/i.exec(source)?.[0] ?? "";
  const values = new Map<string, string>();
  const names = new Set<string>();
  const buttons: Form["buttons"][number][] = [];
  for (const [tag, kind] of source.matchAll(/<(input|select|textarea|button)\b[^>]*>/gi)) {
    const name = attribute(tag, "name") ?? "";
    const type = (attribute(tag, "type") ?? "text").toLowerCase();
    const value = attribute(tag, "value") ?? "";
    if (kind?.toLowerCase() === "button" || type === "submit") {
      const after = source.slice(source.indexOf(tag) + tag.length);
      buttons.push({ name, value, text: after.slice(0, after.indexOf("<")).trim() });
      continue;
    }
    if (name === "") continue;
    names.add(name);
    const chosen = !["radio", "checkbox"].includes(type) || attribute(tag, "checked") !== undefined;
    if (chosen && value !== "") values.set(name, value);
  }
  return {
    action: attribute(opening, "action") ?? path,
    method: (attribute(opening, "method") ?? "get").toUpperCase(),
    values,
    names,
    buttons,
  };
}

export function createTestBrowser(wire: Wire, origin: string, address: string): TestBrowser {
  const cookies = new Map<string, string>();

  const visit = async (method: string, path: string, body?: string): Promise<Page> => {
    const answer: Answer = await wire.send({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      headers: {
        "x-forwarded-for": address,
        "user-agent": "Test/1.0",
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded", origin }),
      },
    });
    for (const cookie of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === "" || /max-age=0/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    if ([302, 303].includes(answer.status)) {
      const next = new URL(answer.headers.location ?? "/", origin + path);
      if (next.origin !== origin) throw new Error(`a page leads away to ${next.href}`);
      return await visit("GET", next.pathname + next.search);
    }
    const forms = [...answer.text.matchAll(/<form\b[^]*?<\/form>/gi)].map(([source]) => readForm(source, path));
    return { path, status: answer.status, html: answer.text, forms };
  };

  return {
    open: (path) => visit("GET", path),
    submit(page, filled, button) {
      const wanted = Object.keys(filled);
      const form = page.forms.find(
        ({ names, buttons }) =>
          wanted.every((name) => names.has(name)) &&
          (button === undefined || buttons.some(({ value, text }) => button.test(value) || button.test(text))),
      );
      if (form === undefined) {
        throw new Error(`no form with ${wanted.join(", ")} ${String(button ?? "")} at ${page.path}:\n${page.html}`);
      }
      const pressed = form.buttons.find(
        ({ value, text }) => button === undefined || button.test(value) || button.test(text),
      );
      const values = new URLSearchParams([...form.values]);
      for (const [name, value] of Object.entries(filled)) values.set(name, value);
      if (pressed !== undefined && pressed.name !== "") values.set(pressed.name, pressed.value);
      const target = new URL(form.action, origin + page.path);
      return form.method === "POST"
        ? visit("POST", target.pathname + target.search, values.toString())
        : visit("GET", `${target.pathname}?${values.toString()}`);
    },
  };
}
