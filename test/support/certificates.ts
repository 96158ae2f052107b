// Owns certificates for tests: an authority, and what it issues. X.509 written by hand (RFC 5280) over node:crypto, so
// that no machine needs openssl and nothing of it is checked in.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import type { Scope } from "./cleanup.js";
import { temporaryFolder } from "./temporary.js";

/** The certificate with its authority's behind it, and its key. */
export type Files = { readonly certFile: string; readonly keyFile: string };

export type Authority = {
  /** Its own certificate: what a client has to trust. */
  readonly caFile: string;
  /** For these host names and IPv4 addresses. Dates are a day ago and in a day unless told otherwise. */
  readonly issue: (names: readonly string[], validity?: Validity) => Files;
};

export type Validity = { readonly from?: Date; readonly until?: Date };

const day = 24 * 60 * 60 * 1000;

export function createAuthority(scope: Scope = "test"): Authority {
  const folder = temporaryFolder({ scope });
  const name = `Test authority ${randomBytes(4).toString("hex")}`;
  const own = keys();
  let issued = 0;
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const certificate = (subject: string, key: KeyObject, extensions: readonly Buffer[], validity: Validity): string =>
    pem("CERTIFICATE", signed(toBeSigned({ issuer: name, subject, key, extensions, validity }), own.privateKey));

  const ofAuthority = [
    extension("2.5.29.19", true, sequence(boolean(true))),
    extension("2.5.29.15", true, keyCertSign),
  ];
  const root = certificate(name, own.publicKey, ofAuthority, {});
  return {
    caFile: write("ca.pem", root),
    issue(names, validity = {}) {
      issued += 1;
      const { privateKey, publicKey } = keys();
      const extensions = [
        extension("2.5.29.19", true, sequence()),
        // subjectAltName: [2] a DNS name, [7] an IP address.
        extension("2.5.29.17", false, sequence(...names.map(alternativeName))),
      ];
      const chain = certificate(names[0] ?? "nobody", publicKey, extensions, validity) + root;
      return {
        certFile: write(`${String(issued)}.pem`, chain),
        keyFile: write(`${String(issued)}.key`, privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
      };
    },
  };
}

const keys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

type Contents = {
  readonly issuer: string;
  readonly subject: string;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly validity: Validity;
};

/** TBSCertificate, RFC 5280 section 4.1. */
function toBeSigned({ issuer, subject, key, extensions, validity }: Contents): Buffer {
  const { from = new Date(Date.now() - day), until = new Date(Date.now() + day) } = validity;
  return sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer),
    sequence(utcTime(from), utcTime(until)),
    distinguishedName(subject),
    key.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
}

const signed = (contents: Buffer, key: KeyObject): Buffer =>
  sequence(contents, ecdsaWithSha256, bitString(sign("sha256", contents, key)));

const alternativeName = (name: string): Buffer =>
  isIPv4(name) ? tagged(0x87, Buffer.from(name.split(".").map(Number))) : tagged(0x82, Buffer.from(name, "ascii"));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));

const distinguishedName = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(objectId("2.5.4.3"), tagged(0x0c, Buffer.from(commonName)))));

/** DER (X.690): tag, length, contents. */
function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => tagged(0x30, ...contents);
const integer = (value: Buffer): Buffer => tagged(0x02, value);
const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));
const bitString = (value: Buffer): Buffer => tagged(0x03, Buffer.from([0]), value);
const utcTime = (date: Date): Buffer =>
  tagged(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const base128 = (value: number): readonly number[] =>
    value < 0x80 ? [value] : [...base128(value >> 7).map((byte) => byte | 0x80), value & 0x7f];
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap((value) => base128(value))]));
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
/** keyUsage with the one bit keyCertSign (5). */
const keyCertSign = tagged(0x03, Buffer.from([2, 0b0000_0100]));

const pem = (label: string, contents: Buffer): string =>
  `-----BEGIN ${label}-----\n${(contents.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;
