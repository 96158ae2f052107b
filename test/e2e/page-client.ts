// Owns a browser that is nothing but fetch, cookies and forms: what a page can do without JavaScript, for tests that
// run far too often for a real browser. It reads the pages of this project only, so its parser is small.

export type FormField = {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  /** For radio buttons and check boxes. */
  readonly checked: boolean;
};

export type FormButton = { readonly text: string; readonly name: string | undefined; readonly value: string };

export type PageForm = {
  readonly method: "get" | "post";
  readonly action: string;
  readonly fields: readonly FormField[];
  readonly buttons: readonly FormButton[];
  /** What it sends untouched: hidden values, prefilled texts, what is checked. */
  readonly values: Readonly<Record<string, string>>;
};

export type ReadPage = {
  readonly status: number;
  /** Path and query after all redirects. */
  readonly path: string;
  /** The statuses and places of the redirects that led here. */
  readonly redirects: readonly { readonly status: number; readonly location: string }[];
  readonly headers: Headers;
  readonly html: string;
  readonly title: string;
  readonly heading: string;
  /** What is to be read in the page, white space made single. */
  readonly text: string;
  readonly forms: readonly PageForm[];
  readonly links: readonly string[];
  /** The form that is sent to this path (where none is given: the only one beside signing out and the buttons of providers). */
  readonly form: (action?: string) => PageForm;
  /** The error under a field, or undefined. */
  readonly wrong: (field: string) => string | undefined;
};

export type SentFields = Readonly<Record<string, string | undefined>>;

export type PageClient = {
  readonly baseUrl: string;
  /** The page that is shown now. */
  readonly page: () => ReadPage;
  readonly get: (path: string) => Promise<ReadPage>;
  /** Fills in and sends; `undefined` takes a value away. `button` is what is on the button to press. */
  readonly submit: (form: PageForm, fields?: SentFields, button?: string) => Promise<ReadPage>;
  /** Sends whatever is given, as no rendered form would; for what must be refused. */
  readonly post: (
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ReadPage>;
  /** Name → value; may be changed by the test. */
  readonly cookies: Map<string, string>;
  /** Every Set-Cookie header that was received, in order. */
  readonly received: readonly string[];
};

export type PageClientOptions = {
  readonly userAgent?: string;
  /** As a browser sends them with a form from our own page; false leaves them out. */
  readonly fetchMetadata?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
};

const mostRedirects = 5;

export function createPageClient(baseUrl: string, options: PageClientOptions = {}): PageClient {
  const base = new URL(baseUrl);
  const cookies = new Map<string, string>();
  const received: string[] = [];
  let current: ReadPage | undefined;

  function keep(response: Response): void {
    for (const header of response.headers.getSetCookie()) {
      received.push(header);
      const [pair = "", ...attributes] = header.split("; ");
      const name = pair.slice(0, pair.indexOf("="));
      const ended = attributes.some((attribute) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(attribute));
      if (ended) cookies.delete(name);
      else cookies.set(name, decodeURIComponent(pair.slice(name.length + 1)));
    }
  }

  async function send(
    path: string,
    init: { method: string; body?: string; headers?: Readonly<Record<string, string>> },
  ) {
    const response = await fetch(new URL(path, base), {
      method: init.method,
      redirect: "manual",
      ...(init.body === undefined ? {} : { body: init.body }),
      headers: {
        "user-agent": options.userAgent ?? "jitnode test browser",
        accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        ...(cookies.size === 0
          ? {}
          : { cookie: [...cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("; ") }),
        ...(init.body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        ...(options.fetchMetadata === false || init.method === "GET"
          ? {}
          : { "sec-fetch-site": "same-origin", origin: "null" }),
        ...options.headers,
        ...init.headers,
      },
    });
    keep(response);
    return response;
  }

  async function follow(path: string, init: Parameters<typeof send>[1]): Promise<ReadPage> {
    const redirects: { status: number; location: string }[] = [];
    let response = await send(path, init);
    let place = new URL(path, base);
    for (
      let location = response.headers.get("location");
      location !== null;
      location = response.headers.get("location")
    ) {
      redirects.push({ status: response.status, location });
      place = new URL(location, place);
      if (place.origin !== base.origin) throw new Error(`the page leads to another origin: ${location}`);
      if (redirects.length > mostRedirects) throw new Error(`too many redirects, the last to ${location}`);
      await response.arrayBuffer();
      response = await send(`${place.pathname}${place.search}`, { method: "GET" });
    }
    current = readPage(response, await response.text(), `${place.pathname}${place.search}`, redirects);
    return current;
  }

  const post: PageClient["post"] = (path, fields, headers) =>
    follow(path, { method: "POST", body: new URLSearchParams(fields).toString(), ...(headers && { headers }) });

  return {
    baseUrl: base.origin,
    cookies,
    received,
    page: () => {
      if (current === undefined) throw new Error("no page was opened yet");
      return current;
    },
    get: (path) => follow(path, { method: "GET" }),
    post,
    submit: (form, fields = {}, button) => {
      const sent = filledIn(form, fields, button);
      if (form.method === "post") return post(form.action, sent);
      return follow(`${form.action}?${new URLSearchParams(sent).toString()}`, { method: "GET" });
    },
  };
}

/** Refuses what a person could not do: fields and buttons that are not there. */
export function filledIn(form: PageForm, fields: SentFields = {}, button?: string): Readonly<Record<string, string>> {
  const values = new Map(Object.entries(form.values));
  for (const [name, value] of Object.entries(fields)) {
    const candidates = form.fields.filter((field) => field.name === name);
    const fits = candidates.some(
      (field) => (field.type !== "radio" && field.type !== "checkbox") || value === undefined || field.value === value,
    );
    if (!fits) throw new Error(`the form has no field ${name} that takes ${String(value)}`);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }
  const pressed = button === undefined ? form.buttons[0] : form.buttons.find(({ text }) => text === button);
  if (pressed === undefined) throw new Error(`the form has no button ${button ?? ""}`);
  if (pressed.name !== undefined) values.set(pressed.name, pressed.value);
  return Object.fromEntries(values);
}

function readPage(response: Response, html: string, path: string, redirects: ReadPage["redirects"]): ReadPage {
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map((match) =>
    readForm(attributesOf(match[1] ?? ""), match[2] ?? ""),
  );
  return {
    status: response.status,
    path,
    redirects,
    headers: response.headers,
    html,
    title: textOf(/<title>([\s\S]*?)<\/title>/.exec(html)?.[1] ?? ""),
    heading: textOf(/<h1\b[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1] ?? ""),
    text: textOf(/<body>([\s\S]*)<\/body>/.exec(html)?.[1] ?? html),
    forms,
    links: [...html.matchAll(/<a\b([^>]*)>/g)].map((match) => attributesOf(match[1] ?? "").get("href") ?? ""),
    form: (action) => {
      const found = forms.filter((form) =>
        action === undefined ? !/^\/(sign-out$|auth\/start\/)/.test(form.action) : form.action === action,
      );
      const [only, another] = found;
      if (only === undefined || another !== undefined) {
        throw new Error(`${String(found.length)} such forms (${action ?? "any"}) on ${path}:\n${textOf(html)}`);
      }
      return only;
    },
    wrong: (field) => {
      const match = new RegExp(`<span class="wrong" id="${field}-wrong">([\\s\\S]*?)</span>`).exec(html);
      return match === null ? undefined : textOf(match[1] ?? "");
    },
  };
}

function readForm(form: ReadonlyMap<string, string>, content: string): PageForm {
  const fields = [...content.matchAll(/<input\b([^>]*)>/g)].map((match): FormField => {
    const input = attributesOf(match[1] ?? "");
    return {
      name: input.get("name") ?? "",
      type: input.get("type") ?? "text",
      value: input.get("value") ?? "",
      checked: input.has("checked"),
    };
  });
  const sent = fields.filter(({ type, checked }) => (type !== "radio" && type !== "checkbox") || checked);
  const buttons = [...content.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)].map((match): FormButton => {
    const button = attributesOf(match[1] ?? "");
    return { text: textOf(match[2] ?? ""), name: button.get("name"), value: button.get("value") ?? "" };
  });
  return {
    method: form.get("method") === "post" ? "post" : "get",
    action: form.get("action") ?? "",
    fields,
    buttons,
    values: Object.fromEntries(sent.map(({ name, value }) => [name, value])),
  };
}

const attributesOf = (source: string): ReadonlyMap<string, string> =>
  new Map([...source.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map((match) => [match[1] ?? "", decode(match[2] ?? "")]));

const textOf = (html: string): string =>
  decode(html.replaceAll(/<(style|title|svg)\b[\s\S]*?<\/\1>/g, "").replaceAll(/<[^>]*>/g, " "))
    .replaceAll(/\s+/g, " ")
    .trim();

const decode = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
