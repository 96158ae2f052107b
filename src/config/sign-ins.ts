// Settings of sign-in providers: several of them, so their variables carry a name of the operator's own.
// JITNODE_CONTROL_SIGNIN_<NAME>_<KEY>; what each type of provider needs and takes is here, so that a mistake is
// found at the start, with the variable's name.

import { isSeen } from "../domain/names.js";
import { JitnodeError } from "../protocol/errors.js";
import { isLoopbackHost } from "../platform/loopback.js";
import { readSecretFile } from "./secret-file.js";
import type { Setting } from "./settings.js";

export const providerTypes = ["google", "github", "wechat", "entra", "oidc"] as const;
export type ProviderType = (typeof providerTypes)[number];

export const signInPrefix = "JITNODE_CONTROL_SIGNIN_";
const variable = (key: string): string => `${signInPrefix}<NAME>_${key}`;
const control = ["control"] as const;

export const signInSettings = {
  TYPE: {
    variable: variable("TYPE"),
    programs: control,
    kind: "choice",
    choices: providerTypes,
    fallback: "none: required",
    text: "Switches a sign-in provider on. NAME is yours to choose, of the letters A–Z and digits; in lower case it ends the callback URL, /auth/callback/<name>, and is part of the key of accounts: change it with `jitnode-control sign-in rename` only.",
  },
  CLIENT_ID: {
    variable: variable("CLIENT_ID"),
    programs: control,
    kind: "text",
    fallback: "none: required",
    text: "The client ID (WeChat: AppID) from the provider's console.",
  },
  CLIENT_SECRET: {
    variable: variable("CLIENT_SECRET"),
    programs: control,
    kind: "text",
    secret: true,
    fallback: "none: required, but for oidc",
    text: "The client secret (WeChat: AppSecret). oidc without one is a public client.",
  },
  ISSUER: {
    variable: variable("ISSUER"),
    programs: control,
    kind: "url",
    fallback: "google: https://accounts.google.com; oidc: required",
    text: "oidc: the issuer, exactly as its discovery document spells it, with or without a slash at the end; google: that of a stand-in for tests. It is part of the key of accounts.",
  },
  BASE_URL: {
    variable: variable("BASE_URL"),
    programs: control,
    kind: "url",
    fallback: "the provider's own hosts, such as https://github.com",
    text: "github: of an Enterprise Server; entra: of a national cloud; wechat: of a stand-in for tests. It is part of the key of accounts.",
  },
  TENANT: {
    variable: variable("TENANT"),
    programs: control,
    kind: "text",
    fallback: "none: required with entra",
    text: "entra: the directory (tenant) ID, a GUID.",
  },
  ALLOWED_DOMAINS: {
    variable: variable("ALLOWED_DOMAINS"),
    programs: control,
    kind: "list",
    fallback: "none: everybody who has an account there",
    text: "google: Workspace domains (the claim hd); oidc: domains of verified e-mail addresses. Separated by commas.",
  },
  LABEL: {
    variable: variable("LABEL"),
    programs: control,
    kind: "text",
    fallback: "the provider's own name; oidc: its host",
    text: "What its button says, at most 40 characters.",
  },
} as const satisfies Record<string, Setting>;

type Key = keyof typeof signInSettings;

/** One provider as it is set; which of the optional ones are there, the tables below say. */
export interface SignInSettings {
  /** In lower case, as in the callback URL and in the key of accounts. */
  readonly name: string;
  readonly type: ProviderType;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** As it was written: issuers are compared character by character. */
  readonly issuer: string | undefined;
  /** Without a trailing slash, its host in lower case: however it is written, the key of accounts is the same. */
  readonly baseUrl: string | undefined;
  readonly tenant: string | undefined;
  /** In lower case; empty: no restriction. */
  readonly allowedDomains: readonly string[];
  readonly label: string | undefined;
}

interface KeysOfType {
  readonly needs: readonly Key[];
  readonly takes: readonly Key[];
}

const keysOfTypes: Readonly<Record<ProviderType, KeysOfType>> = {
  google: { needs: ["CLIENT_SECRET"], takes: ["ISSUER", "ALLOWED_DOMAINS"] },
  github: { needs: ["CLIENT_SECRET"], takes: ["BASE_URL"] },
  wechat: { needs: ["CLIENT_SECRET"], takes: ["BASE_URL"] },
  entra: { needs: ["CLIENT_SECRET", "TENANT"], takes: ["BASE_URL"] },
  oidc: { needs: ["ISSUER"], takes: ["CLIENT_SECRET", "ALLOWED_DOMAINS"] },
};

/** Identities of local accounts have this name. */
const reserved = "LOCAL";
const labelLimit = 40;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const domain = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;

type Environment = Readonly<Record<string, string | undefined>>;
type Given = ReadonlyMap<Key, string>;

const invalid = (message: string, hint: string): JitnodeError => new JitnodeError("setting_invalid", { message, hint });

/** In the order of their types, then of their names. Throws `setting_invalid` and `secret_file_unreadable`. */
export function readSignIns(environment: Environment): readonly SignInSettings[] {
  const all = new Map<string, Map<Key, string>>();
  for (const [variableName, value] of Object.entries(environment)) {
    if (!variableName.startsWith(signInPrefix) || value === undefined) continue;
    const { name, key, fromFile } = parseVariable(variableName);
    const given = all.get(name) ?? new Map<Key, string>();
    all.set(name, given);
    if (value === "") continue;
    if (given.has(key)) {
      throw invalid(`Both ${nameOf(name, key)} and ${nameOf(name, key)}_FILE are set.`, "Set one of them only.");
    }
    given.set(key, fromFile ? readSecretFile(variableName, value) : value);
  }
  const read = [...all].filter(([, given]) => given.size > 0).map(([name, given]) => readOne(name, given));
  return read.sort((a, b) => order(a) - order(b) || (a.name < b.name ? -1 : 1));
}

const order = ({ type }: SignInSettings): number => providerTypes.indexOf(type);
const nameOf = (name: string, key: Key): string => `${signInPrefix}${name}_${key}`;

function parseVariable(text: string): { readonly name: string; readonly key: Key; readonly fromFile: boolean } {
  const [, name, rest = ""] = /^([A-Z0-9]+)_(.+)$/.exec(text.slice(signInPrefix.length)) ?? [];
  const fromFile = rest === "CLIENT_SECRET_FILE";
  const key = fromFile ? "CLIENT_SECRET" : rest;
  if (name === undefined || !isKey(key)) {
    const keys = Object.keys(signInSettings).join(", ");
    throw invalid(
      `${text} is not a setting: expected ${signInPrefix}<NAME>_<KEY> with one of the keys ${keys}, CLIENT_SECRET_FILE.`,
      "Correct the variable's name; <NAME> is of the letters A–Z and digits alone.",
    );
  }
  if (name === reserved) throw invalid(`${text}: the name ${reserved} is that of local accounts.`, "Choose another.");
  return { name, key, fromFile };
}

const isKey = (text: string): text is Key => Object.hasOwn(signInSettings, text);

function readOne(name: string, given: Given): SignInSettings {
  const wrong = (key: Key, expected: string): JitnodeError =>
    invalid(
      `${nameOf(name, key)} is not valid: expected ${expected}.`,
      `Correct ${nameOf(name, key)}. ${signInSettings[key].text}`,
    );
  const type = providerTypes.find((each) => each === given.get("TYPE"));
  if (type === undefined) throw wrong("TYPE", providerTypes.join(", "));
  const { needs, takes } = keysOfTypes[type];
  for (const key of ["CLIENT_ID", ...needs] as const) {
    if (!given.has(key)) {
      throw invalid(`${nameOf(name, key)} is not set; ${type} needs it.`, signInSettings[key].text);
    }
  }
  const known: readonly Key[] = ["TYPE", "CLIENT_ID", "LABEL", ...needs, ...takes];
  for (const key of given.keys()) {
    if (!known.includes(key)) {
      throw invalid(`${nameOf(name, key)} is set, and ${type} does not take it.`, "Take it away, or correct the type.");
    }
  }
  const urlOf = (key: Key): string | undefined => {
    const text = given.get(key);
    if (text !== undefined && !isProviderUrl(text))
      throw wrong(key, "https://HOST[:PORT][/PATH] (http only for loopback)");
    return text;
  };
  const baseUrl = urlOf("BASE_URL");
  const tenant = given.get("TENANT");
  if (tenant !== undefined && !guid.test(tenant)) {
    throw wrong("TENANT", "the GUID of one tenant (not its domain, and not common, organizations or consumers)");
  }
  const allowedDomains = (given.get("ALLOWED_DOMAINS") ?? "")
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "");
  if (
    given.has("ALLOWED_DOMAINS") &&
    (allowedDomains.length === 0 || !allowedDomains.every((each) => domain.test(each)))
  ) {
    throw wrong("ALLOWED_DOMAINS", "domains such as example.com, separated by commas");
  }
  const label = given.get("LABEL")?.trim();
  if (label !== undefined && (!isSeen(label) || [...label].length > labelLimit || /\p{C}/u.test(label))) {
    throw wrong("LABEL", `1 to ${String(labelLimit)} characters without control characters`);
  }
  return {
    name: name.toLowerCase(),
    type,
    clientId: given.get("CLIENT_ID") ?? "",
    clientSecret: given.get("CLIENT_SECRET"),
    issuer: urlOf("ISSUER"),
    baseUrl: baseUrl === undefined ? undefined : new URL(baseUrl).href.replace(/\/+$/, ""),
    tenant: tenant?.toLowerCase(),
    allowedDomains,
    label,
  };
}

/** Plain http is for emulators on this machine. */
function isProviderUrl(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain && (url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname)));
}
