// Owns a control plane with people, for tests of the command line: real programs, accounts made by links, and browsers
// that approve what a terminal shows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { checkout } from "../support/checkout.js";
import {
  runCli,
  runControl,
  startCli,
  startControl,
  type CliOptions,
  type Control,
  type ControlOptions,
  type Program,
  type Result,
} from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createPageClient, type PageClient } from "./page-client.js";

type Environment = Readonly<Record<string, string | undefined>>;

export type Person = {
  readonly login: string;
  readonly home: string;
  readonly browser: PageClient;
  /** What a terminal or a node shows on either output: link, code and number; entered and decided. */
  readonly decide: (
    shown: Shown,
    decision: "Approve" | "Deny",
    fields?: Readonly<Record<string, string>>,
  ) => Promise<string>;
  /** `jitnode ARGS` in this person's home. */
  readonly cli: (args: readonly string[], options?: CliOptions) => Promise<Result>;
  /** The same person with another home folder, signed in nowhere there. */
  readonly elsewhere: (home: string) => Person;
  /** `jitnode login`, approved in the browser. */
  readonly signIn: (env: Environment) => Promise<Result>;
};

export type Shown = { readonly link: string; readonly code: string; readonly number: string };

export type CliSite = {
  readonly control: Control;
  readonly person: (login: string) => Promise<Person>;
  /** `JITNODE_SERVER` of it: for commands that need no daemon. */
  readonly env: Environment;
};

const password = "correct horse battery staple";

export async function startSite(options: ControlOptions = {}): Promise<CliSite> {
  const control = await startControl({ deviceInterval: "1", ...options });
  let first = true;
  return {
    control,
    env: { JITNODE_SERVER: control.url },
    person: async (login) => {
      // An empty control plane prints the link of the first account itself.
      const link = first
        ? await control.waitForLog(/\/set-up\//)
        : (await runControl(["invite"], { env: control.env })).stdout;
      first = false;
      const browser = createPageClient(control.url);
      const page = await browser.get(new URL(link.trim()).pathname);
      await browser.submit(page.form(), { login, name: login, password });
      const home = temporaryFolder(options.scope === undefined ? {} : { scope: options.scope });
      return createPerson(login, browser, home);
    },
  };
}

function createPerson(login: string, browser: PageClient, home: string): Person {
  const decide: Person["decide"] = async (shown, decision, fields = {}) => {
    const url = new URL(shown.link);
    const entered = await browser.get(url.pathname + url.search);
    const asked = await browser.submit(entered.form("/activate"), { code: shown.code });
    const number = decision === "Approve" ? { number: shown.number } : {};
    return (await browser.submit(asked.form(`/activate/${shown.code}`), { ...number, ...fields }, decision)).heading;
  };
  const cli: Person["cli"] = (args, options = {}) => runCli(args, { home, ...options });
  return {
    login,
    home,
    browser,
    decide,
    cli,
    elsewhere: (other) => createPerson(login, browser, other),
    signIn: async (env) => {
      const program = startCli(["login"], { home, env });
      await decide(await readShown(program), "Approve");
      return resultOf(program);
    },
  };
}

/** Waits until the program has shown link, code and number. */
export async function readShown(program: Program): Promise<Shown> {
  const find = async (name: string): Promise<string> => {
    const found = await program.waitForLog(new RegExp(`^\\s*${name}\\s+\\S`));
    return found.trim().split(/\s+/)[1] ?? "";
  };
  return { link: await find("Link"), code: await find("Code"), number: await find("Number") };
}

export async function resultOf(program: Program): Promise<Result> {
  const ending = await program.exited;
  return { ...ending, stdout: program.stdout(), stderr: program.stderr() };
}

const ajv = new Ajv2020({ strict: false });

/** The one JSON document on stdout, checked against the command's published schema. */
export function jsonOf(result: Pick<Result, "stdout" | "stderr">, schema: string): unknown {
  const value: unknown = JSON.parse(result.stdout);
  const file = join(checkout(), "schemas", `${schema}.json`);
  const validate =
    ajv.getSchema(file) ?? ajv.addSchema(JSON.parse(readFileSync(file, "utf8")) as object, file).getSchema(file);
  if (validate?.(value) !== true) {
    throw new Error(`${result.stdout} does not fit ${schema}: ${ajv.errorsText(validate?.errors)}\n${result.stderr}`);
  }
  return value;
}

/** The error of a failed command with --json. */
export const errorOf = (result: Pick<Result, "stdout" | "stderr">): { readonly code: string; readonly hint: string } =>
  (jsonOf(result, "error") as { readonly error: { readonly code: string; readonly hint: string } }).error;
