// What the machine can do of what an activation is made of: commits on this disk, signatures, verifications.
// argv: a folder on the disk in question. Prints operations per second of each, measured one after the other.
import BetterSqlite3 from "better-sqlite3";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import { join } from "node:path";

const duration = 1_500;

async function rate(once) {
  for (let warm = 0; warm < 20; warm += 1) await once();
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < duration) {
    await once();
    count += 1;
  }
  return count / ((performance.now() - start) / 1000);
}

const database = new BetterSqlite3(join(process.argv[2], "commits.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("create table if not exists t (id integer primary key, value text)");
const insert = database.prepare("insert into t (value) values (?)");
const value = "x".repeat(200);

const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true });
const jwk = await exportJWK(publicKey);
const sign = () =>
  new SignJWT({ jti: "a", htm: "POST", htu: "http://a/b" })
    .setProtectedHeader({ alg: "Ed25519" })
    .setIssuedAt()
    .sign(privateKey);
const token = await sign();

const commits = await rate(async () => void insert.run(value));
const signatures = await rate(sign);
// The key comes with each proof, so its import is part of a verification.
const verifications = await rate(async () => jwtVerify(token, await importJWK(jwk, "Ed25519")));
database.close();
process.stdout.write(JSON.stringify({ commits, signatures, verifications }));
