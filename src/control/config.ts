// The control plane's settings, read once at start and checked against each other.

import { join } from "node:path";
import { JitnodeError } from "../protocol/errors.js";
import { isLoopbackHost, type ListenAddress, type SettingsReader } from "../config/read.js";
import type { SignInSettings } from "../config/sign-ins.js";
import type { LogFormat, LogLevel } from "../platform/log.js";

export interface ControlConfig {
  readonly listen: ListenAddress;
  readonly metricsListen: ListenAddress;
  /** The issuer: an origin without a trailing slash. */
  readonly publicUrl: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly trustedProxies: readonly string[];
  readonly dataDir: string;
  readonly database:
    { readonly kind: "sqlite"; readonly file: string } | { readonly kind: "postgres"; readonly url: string };
  readonly keyFile: { readonly path: string; readonly mayBeMade: boolean };
  readonly agreementFile: string | undefined;
  readonly signup: "invited" | "code" | "open";
  readonly orgCreation: "trusted" | "all";
  /** Beside local accounts. */
  readonly signIns: readonly SignInSettings[];
  /** Seconds. */
  readonly deviceCodeTtl: number;
  readonly deviceInterval: number;
  readonly accessTokenTtl: number;
  readonly retryWindow: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** `defaultDataDir` depends on who runs the program; see platform/paths. */
export function readControlConfig(reader: SettingsReader, defaultDataDir: string): ControlConfig {
  const listen = reader.address("listen", { host: "127.0.0.1", port: 7070 });
  const certFile = reader.text("tlsCertFile");
  const publicUrl = readPublicUrl(reader, listen, certFile === undefined ? "http" : "https");
  const loopback = isLoopbackHost(new URL(publicUrl).hostname);
  const dataDir = reader.text("dataDir") ?? defaultDataDir;
  const databaseUrl = reader.text("databaseUrl");
  const keyFile = reader.text("keyFile");
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new JitnodeError("setting_invalid", {
      message: "JITNODE_CONTROL_DATABASE_URL is not valid: expected postgres://…",
      hint: "For SQLite leave it out; the file lies in JITNODE_CONTROL_DATA_DIR.",
    });
  }
  if (databaseUrl !== undefined && keyFile === undefined) {
    throw new JitnodeError("setting_invalid", {
      message: "With PostgreSQL, JITNODE_CONTROL_KEY_FILE is required.",
      hint: "Make one with `openssl rand -base64 32 > FILE` and give the same file to every replica.",
    });
  }
  const tlsKeyFile = reader.text("tlsKeyFile");
  if ((certFile === undefined) !== (tlsKeyFile === undefined)) {
    throw new JitnodeError("setting_invalid", {
      message: "Only one of JITNODE_CONTROL_TLS_CERT_FILE and JITNODE_CONTROL_TLS_KEY_FILE is set.",
      hint: "Set both, or none where a proxy speaks TLS.",
    });
  }
  if (certFile !== undefined && !publicUrl.startsWith("https:")) {
    throw new JitnodeError("setting_invalid", {
      message: `A certificate is set, but JITNODE_CONTROL_PUBLIC_URL is ${publicUrl}.`,
      hint: "Begin it with https://, or leave the certificate to the proxy that speaks TLS.",
    });
  }
  return {
    listen,
    metricsListen: reader.address("metricsListen", { host: "127.0.0.1", port: 7071 }),
    publicUrl,
    tls: certFile === undefined || tlsKeyFile === undefined ? undefined : { certFile, keyFile: tlsKeyFile },
    trustedProxies: reader.list("trustedProxies"),
    dataDir,
    database:
      databaseUrl === undefined
        ? { kind: "sqlite", file: join(dataDir, "control.db") }
        : { kind: "postgres", url: databaseUrl },
    keyFile: { path: keyFile ?? join(dataDir, "control.key"), mayBeMade: databaseUrl === undefined },
    agreementFile: reader.text("agreementFile"),
    signup: reader.choice("signup", ["invited", "code", "open"]) ?? "code",
    orgCreation: reader.choice("orgCreation", ["trusted", "all"]) ?? "trusted",
    signIns: reader.signIns(),
    deviceCodeTtl: reader.seconds("deviceCodeTtl", 600, loopback),
    deviceInterval: reader.seconds("deviceInterval", 5, loopback),
    accessTokenTtl: reader.seconds("accessTokenTtl", 600, loopback),
    retryWindow: reader.seconds("retryWindow", 60, loopback),
  };
}

function readPublicUrl(reader: SettingsReader, listen: ListenAddress, scheme: "http" | "https"): string {
  const given = reader.url("publicUrl");
  if (given !== undefined) return given.origin;
  if (isLoopbackHost(listen.host)) {
    const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
    return new URL(`${scheme}://${host}:${listen.port}`).origin;
  }
  throw new JitnodeError("setting_invalid", {
    message: "JITNODE_CONTROL_PUBLIC_URL is not set, and the listen address is not loopback.",
    hint: "Set it to the URL under which people and nodes reach this control plane, such as https://control.example.com.",
  });
}
