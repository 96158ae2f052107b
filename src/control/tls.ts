// Certificate and key of a control plane that speaks TLS itself: read at start, and again when the files change, so that
// a renewed certificate needs no restart.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readTextAtStart } from "../platform/atomic-file.js";
import type { Clock } from "../platform/clock.js";
import type { Log } from "../platform/log.js";
import { JitnodeError } from "../protocol/errors.js";
import type { ControlConfig } from "./config.js";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export function readTlsFiles(config: ControlConfig): TlsFiles | undefined {
  if (config.tls === undefined) return undefined;
  const cert = read("JITNODE_CONTROL_TLS_CERT_FILE", config.tls.certFile);
  const key = read("JITNODE_CONTROL_TLS_KEY_FILE", config.tls.keyFile);
  if (!fit(cert, key)) {
    throw new JitnodeError("setting_invalid", {
      message:
        "The certificate and key of JITNODE_CONTROL_TLS_CERT_FILE and JITNODE_CONTROL_TLS_KEY_FILE do not work together.",
      hint: "Give a certificate (PEM, its chain behind it) and the private key it was issued for.",
    });
  }
  return { cert, key };
}

/** TLS itself takes empty files, and then has no certificate to show. */
function fit(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

const isSame = (one: TlsFiles, other: TlsFiles): boolean => one.cert === other.cert && one.key === other.key;

/** How often the files are looked at, in milliseconds. */
const every = 2_000;

/** What Node.js's server for TLS has and the other one has not. */
export interface SecureServer {
  setSecureContext(files: TlsFiles): void;
}

export const isSecureServer = (server: object): server is SecureServer => "setSecureContext" in server;

export interface FollowedTls {
  close(): Promise<void>;
}

/** New connections get the new certificate; files that do not fit together, as half-way through a renewal, change nothing. */
export function followTlsFiles(
  { config, clock, log }: { readonly config: ControlConfig; readonly clock: Clock; readonly log: Log },
  used: TlsFiles,
  server: SecureServer,
): FollowedTls {
  const stop = new AbortController();
  let inUse = used;
  let seen = used;
  let trouble = "";
  const look = (): void => {
    const found = readTlsFiles(config) ?? inUse;
    // Half-written files change until the next look.
    const isSettled = isSame(found, seen);
    seen = found;
    if (!isSettled) return;
    trouble = "";
    if (isSame(found, inUse)) return;
    server.setSecureContext(found);
    inUse = found;
    log.info("certificate renewed");
  };
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(every, stop.signal);
      if (stop.signal.aborted) return;
      try {
        look();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== trouble) log.warn("certificate not renewed; the old one stays in use", { reason });
        trouble = reason;
      }
    }
  };
  const running = loop();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

function read(variable: string, file: string): string {
  try {
    return readTextAtStart(file);
  } catch (cause) {
    throw new JitnodeError("secret_file_unreadable", {
      message: `The file ${file} of ${variable} cannot be read.`,
      hint: "Check its path and permissions.",
      cause,
    });
  }
}
