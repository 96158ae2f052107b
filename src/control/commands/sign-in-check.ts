// `jitnode-control sign-in check`: looks at sign-in providers without signing anybody in. Needs no database.

import { escapeForTerminal } from "../../domain/escape.js";
import { isLoopbackHost } from "../../platform/loopback.js";
import { createClock } from "../../platform/clock.js";
import { createHttpClient } from "../../platform/http-client.js";
import { JitnodeError } from "../../protocol/errors.js";
import { exitCodes } from "../../protocol/exit-codes.js";
import { createProviders, type ProviderChoice } from "../services/providers.js";
import { createProviderHttp } from "../sign-in/http.js";
import type { Finding } from "../sign-in/provider.js";
import type { Command, CommandInput } from "./command.js";

const words: Readonly<Record<Finding["kind"], string>> = { right: "ok", wrong: "wrong", unknown: "look" };

export const command: Command = {
  name: "sign-in check",
  describe: "Test sign-in providers: settings, reachability, issuer, keys, credentials and clock.",
  arguments: [{ name: "[NAME]", describe: "one of the names in JITNODE_CONTROL_SIGNIN_<NAME>_…; all without it" }],
  options: [{ flags: "--json", describe: "Print JSON." }],
  async run(input) {
    const config = input.config();
    const http = createHttpClient();
    try {
      const providers = createProviders(config, { http: createProviderHttp(http), clock: createClock() });
      const chosen = choose(providers.choices, input.arguments[0]);
      const secure = secureFinding(config.publicUrl);
      const results = await Promise.all(
        chosen.map(async (choice) => ({
          choice,
          findings: [...secure, ...(await providers.get(choice.name).check(providers.callbackUrl(choice.name)))],
        })),
      );
      print(input, results);
      const wrong = results.some(({ findings }) => findings.some(({ kind }) => kind === "wrong"));
      return wrong ? exitCodes.failed : exitCodes.done;
    } finally {
      await http.close();
    }
  },
};

function choose(all: readonly ProviderChoice[], asked: string | undefined): readonly ProviderChoice[] {
  if (asked === undefined) return all;
  const found = all.find(({ name }) => name === asked.toLowerCase());
  if (found !== undefined) return [found];
  const names = all.map(({ name }) => name).join(", ");
  throw new JitnodeError("sign_in_provider_unknown", {
    hint: names === "" ? "None is set up; see JITNODE_CONTROL_SIGNIN_<NAME>_TYPE." : `There are: ${names}.`,
  });
}

/** Providers refuse plain http to anything but this machine, and cookies would be open to all on the way. */
function secureFinding(publicUrl: string): readonly Finding[] {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === "https:" || isLoopbackHost(hostname)) return [];
  const text = `the public URL ${publicUrl} is not https, which providers refuse`;
  return [{ kind: "wrong", text, advice: "Set JITNODE_CONTROL_PUBLIC_URL to the https:// address that people use." }];
}

interface Result {
  readonly choice: ProviderChoice;
  readonly findings: readonly Finding[];
}

function print(input: CommandInput, results: readonly Result[]): void {
  if (input.options["json"] === true) {
    const providers = results.map(({ choice: { name, type, label }, findings }) => ({ name, type, label, findings }));
    input.print(JSON.stringify({ providers }));
    return;
  }
  if (results.length === 0) input.note("No sign-in provider is set up: people sign in with local accounts.");
  for (const { choice, findings } of results) {
    input.print(`${choice.name} (${choice.type})`);
    for (const { kind, text, advice } of findings) {
      input.print(`  ${words[kind].padEnd(6)} ${escapeForTerminal(text)}`);
      if (advice !== undefined && kind !== "right") input.print(`         → ${advice}`);
    }
  }
}
