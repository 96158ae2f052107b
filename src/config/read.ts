// Reads settings from flags and the environment: flag > variable > `<VARIABLE>_FILE` for secrets > undefined.
// Says exactly which variable is wrong and what it accepts.

import { isIP } from "node:net";
import { JitnodeError } from "../protocol/errors.js";
import { readSecretFile } from "./secret-file.js";
import { settings, type Setting, type SettingName } from "./settings.js";
import { readSignIns, type SignInSettings } from "./sign-ins.js";

export { isLoopbackHost } from "../platform/loopback.js";

export type Environment = Readonly<Record<string, string | undefined>>;
export type Flags = Readonly<Partial<Record<SettingName, string>>>;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface SettingsReader {
  text(name: SettingName): string | undefined;
  boolean(name: SettingName): boolean;
  seconds(name: SettingName, fallback: number, loopback: boolean): number;
  address(name: SettingName, fallback: ListenAddress): ListenAddress;
  url(name: SettingName): URL | undefined;
  list(name: SettingName): readonly string[];
  choice<const T extends string>(name: SettingName, accepted: readonly T[]): T | undefined;
  /** The sign-in providers: any number of them, under names of their own. */
  signIns(): readonly SignInSettings[];
}

const invalid = (setting: Setting, expected: string): JitnodeError =>
  new JitnodeError("setting_invalid", {
    message: `${setting.variable} is not valid: expected ${expected}.`,
    hint: `Correct ${setting.variable}. ${setting.text}`,
  });

export function createSettingsReader(environment: Environment, flags: Flags = {}): SettingsReader {
  const text = (name: SettingName): string | undefined => {
    const setting: Setting = settings[name];
    const given = flags[name] ?? environment[setting.variable];
    const file = setting.secret === true ? environment[`${setting.variable}_FILE`] : undefined;
    if (given !== undefined && file !== undefined) {
      throw new JitnodeError("setting_invalid", {
        message: `Both ${setting.variable} and ${setting.variable}_FILE are set.`,
        hint: "Set one of them only.",
      });
    }
    if (file !== undefined) return readSecretFile(`${setting.variable}_FILE`, file);
    return given === undefined || given === "" ? undefined : given;
  };

  return {
    text,
    boolean(name) {
      const value = text(name)?.toLowerCase();
      if (value === undefined) return false;
      if (["1", "true", "yes", "on"].includes(value)) return true;
      if (["0", "false", "no", "off"].includes(value)) return false;
      throw invalid(settings[name], "1 or 0");
    },
    seconds(name, fallback, loopback) {
      const value = text(name);
      if (value === undefined) return fallback;
      const setting: Setting = settings[name];
      const least = (loopback ? setting.least?.loopback : setting.least?.usual) ?? 1;
      const seconds = /^[0-9]{1,6}$/.test(value) ? Number(value) : Number.NaN;
      if (!(seconds >= least && seconds <= 86_400)) throw invalid(setting, `whole seconds from ${least} to 86400`);
      return seconds;
    },
    address(name, fallback) {
      const value = text(name);
      if (value === undefined) return fallback;
      const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(value);
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3]);
      if (host === undefined || port > 65_535 || (match?.[1] !== undefined && isIP(host) !== 6)) {
        throw invalid(settings[name], "HOST:PORT, such as 127.0.0.1:7070 or [::1]:7070");
      }
      return { host, port };
    },
    url(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      const url = asServerUrl(value);
      if (url === undefined) throw invalid(settings[name], "https://HOST[:PORT] without a path");
      return url;
    },
    list(name) {
      return (text(name) ?? "")
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    },
    choice(name, accepted) {
      const value = text(name);
      if (value === undefined) return undefined;
      const found = accepted.find((item) => item === value);
      if (found === undefined) throw invalid(settings[name], accepted.join(", "));
      return found;
    },
    signIns: () => readSignIns(environment),
  };
}

/** An http(s) origin without credentials, path, query or fragment. */
export function asServerUrl(text: string): URL | undefined {
  if (text.length > 2048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain =
    url.username === "" && url.password === "" && url.search === "" && url.hash === "" && url.pathname === "/";
  return plain && (url.protocol === "https:" || url.protocol === "http:") && url.host !== "" ? url : undefined;
}
