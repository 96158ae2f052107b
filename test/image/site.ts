// Owns a control plane in a container with people in it, as a browser on this machine reaches it.
import { createPageClient, type PageClient } from "../e2e/page-client.js";
import type { Scope } from "../support/cleanup.js";
import { createNetwork, createVolume, dockerDoes, newName, runContainer, type Container } from "./docker.js";

export type Shown = { readonly link: string; readonly code: string; readonly number: string };

export type Person = {
  readonly browser: PageClient;
  /** Types code and number of what a node or a terminal shows, and decides. Returns the heading of the answer. */
  readonly approve: (shown: Shown, fields?: Readonly<Record<string, string>>) => Promise<string>;
};

export const password = "correct horse battery staple";

/** Where the container's port is published on this machine. */
export async function publishedUrl(container: Pick<Container, "name">, port = 7070): Promise<string> {
  const [first = ""] = (await dockerDoes(["port", container.name, `${port}/tcp`])).split("\n");
  return `http://127.0.0.1:${first.slice(first.lastIndexOf(":") + 1)}`;
}

/** Makes an account by a one-time link that the control plane printed. */
export async function openAccount(baseUrl: string, link: string, login: string): Promise<Person> {
  const browser = createPageClient(baseUrl);
  const page = await browser.get(new URL(link).pathname);
  await browser.submit(page.form(), { login, name: login, password });
  return {
    browser,
    approve: async (shown, fields = {}) => {
      const url = new URL(shown.link);
      const entered = await browser.get(url.pathname + url.search);
      const asked = await browser.submit(entered.form("/activate"), { code: shown.code });
      const decided = { number: shown.number, ...fields };
      return (await browser.submit(asked.form(`/activate/${shown.code}`), decided, "Approve")).heading;
    },
  };
}

/** The notice of an unactivated node in `docker logs`. */
export async function shownBy(node: Container): Promise<Shown> {
  const found = await node.waitForLog(/Open {4}(\S+)\n +Code {4}(\S+)\n +Number {2}(\d\d) /);
  return { link: found[1] ?? "", code: found[2] ?? "", number: found[3] ?? "" };
}

export const newOrganization = (id: string): Readonly<Record<string, string>> => ({
  organization: "create",
  org_id: id,
  org_name: id,
  consent: "yes",
});

export type Site = {
  readonly control: Container;
  readonly network: string;
  /** What nodes on the network call it. */
  readonly server: string;
  readonly volume: string;
  /** On this machine. */
  readonly url: string;
  /** Arguments of `docker run` for a node of it. */
  readonly nodeOptions: readonly string[];
  readonly ada: Person;
};

/** Plain http inside a network of its own, as DESIGN allows for tests: JITNODE_ALLOW_HTTP. */
export async function startSite(scope: Scope = "file"): Promise<Site> {
  const network = await createNetwork(scope);
  const volume = await createVolume(scope);
  const name = newName("control");
  const server = `http://${name}:7070`;
  const control = await runContainer({
    name,
    scope,
    options: [
      ...["--network", network, "-p", "127.0.0.1::7070", "-v", `${volume}:/var/lib/jitnode-control`],
      ...["-e", `JITNODE_CONTROL_PUBLIC_URL=${server}`],
    ],
    args: ["control"],
  });
  const [link] = await control.waitForLog(/http\S+\/set-up\/\S+/);
  await control.until("jitnode-healthcheck");
  const url = await publishedUrl(control);
  return {
    control,
    network,
    server,
    volume,
    url,
    nodeOptions: ["--network", network, "-e", `JITNODE_SERVER=${server}`, "-e", "JITNODE_ALLOW_HTTP=1"],
    ada: await openAccount(url, link, "ada"),
  };
}

export type Status = {
  readonly state: string;
  readonly connection: string;
  readonly node: { readonly id: string };
  readonly binding: { readonly binding_id: string; readonly organization: { readonly id: string } } | null;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

export async function statusOf(node: Container): Promise<Status> {
  return JSON.parse((await node.until("jitnode", "status", "--json")).stdout) as Status;
}
