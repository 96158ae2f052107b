// Whom TLS trusts: what Node.js does by itself (its own list and NODE_EXTRA_CA_CERTS), and a file's. The machine's own
// authorities come only when these do not know an issuer: reading them takes tens of milliseconds and some 9 MB.

import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { JitnodeError } from "../protocol/errors.js";

/** PEM certificates. Throws `setting_invalid` for a file of no use. */
export function readAuthorities(file: string): readonly string[] {
  const hint = "Give the path of a PEM file of certificate authorities that this user may read.";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new JitnodeError("setting_invalid", { message: "JITNODE_SERVER_CA_FILE cannot be read.", hint, cause });
  }
  // TLS takes any text, and then trusts nobody of it.
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    throw new JitnodeError("setting_invalid", { message: "JITNODE_SERVER_CA_FILE holds no certificate.", hint });
  }
  return [...usualAuthorities(), ...certificates];
}

/** What Node.js trusts by itself. */
export const usualAuthorities = (): readonly string[] => getCACertificates("default");

/** These and the machine's (OpenSSL's folder, SSL_CERT_FILE, SSL_CERT_DIR); undefined where it has no others. */
export function withSystemAuthorities(own: readonly string[]): readonly string[] | undefined {
  const known = new Set(own);
  const before = known.size;
  for (const certificate of getCACertificates("system")) known.add(certificate);
  return known.size === before ? undefined : [...known];
}
