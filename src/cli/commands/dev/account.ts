// The account and organization of `jitnode dev`: asked at a terminal, made up elsewhere, and kept (0600) so that later
// starts can sign in again.

import { readFileIfThere, writeFileAtomic } from "../../../platform/atomic-file.js";
import { asName } from "../../../domain/names.js";
import { asJson } from "../../../protocol/parse.js";
import { Type, name, open, organizationId, text, type Static } from "../../../protocol/schema.js";
import type { Context } from "../../context.js";
import { askOrganizationId, askOrganizationName } from "../../organization-prompts.js";
import { line } from "../../output/line.js";

const devAccount = open({
  login: text(64, 2),
  name,
  password: text(200, 10),
  /** By the person, who knows it: then it is not shown. */
  password_chosen: Type.Optional(Type.Boolean()),
  organization: open({ id: organizationId, name }),
});
export type DevAccount = Readonly<Static<typeof devAccount>>;

const defaults = { login: "dev", organization: { id: "playground", name: "Playground" } } as const;

/** On disk when it returns: what is made with it later must never be lost. */
export async function readOrMakeAccount(context: Context, file: string): Promise<DevAccount> {
  const source = await readFileIfThere(file);
  const known = source === undefined ? undefined : asJson(devAccount, source);
  if (known !== undefined) return known;
  const made = context.prompts.possible ? await ask(context) : fresh(context, defaults.login, defaults.organization);
  await writeFileAtomic(file, `${JSON.stringify(made, undefined, 2)}\n`);
  return made;
}

const fresh = ({ random }: Context, login: string, organization: DevAccount["organization"]): DevAccount => ({
  login,
  name: login,
  password: random.token(15),
  organization,
});

async function ask(context: Context): Promise<DevAccount> {
  const login = await context.prompts.text(line`Name to sign in with`, {
    initial: defaults.login,
    validate: (typed) =>
      /^[a-z0-9._@-]{2,64}$/.test(typed)
        ? undefined
        : line`Use 2 to 64 lower-case letters, digits, dots, dashes, underscores or @.`,
  });
  const typed = await context.prompts.secret(line`Password (empty: a random one, shown below)`, {
    validate: (text) =>
      text === "" || ([...text].length >= 10 && text !== login) ? undefined : line`Use at least 10 characters.`,
  });
  const wanted = await askOrganizationName(context, defaults.organization.name);
  const id = await askOrganizationId(context, wanted);
  const organization = { id, name: asName(wanted) ?? defaults.organization.name };
  const made = fresh(context, login, organization);
  return typed === "" ? made : { ...made, password: typed, password_chosen: true };
}
