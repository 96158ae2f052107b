// One commit on this disk (synchronous=FULL) and one check of an RS256 signature: what no sign-in can do without.
// argv: a folder on the disk in question. Prints the median of each in milliseconds.
import BetterSqlite3 from "better-sqlite3";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import { join } from "node:path";
import { median } from "../measure.js";

async function once(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function typical(work, times) {
  for (let warm = 0; warm < 20; warm += 1) await work();
  const taken = [];
  for (let time = 0; time < times; time += 1) taken.push(await once(work));
  return median(taken);
}

const database = new BetterSqlite3(join(process.argv[2], "commits.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("create table if not exists t (id integer primary key, value text)");
const insert = database.prepare("insert into t (value) values (?)");
const commit = await typical(async () => void insert.run("x".repeat(200)), 200);
database.close();

const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
const token = await new SignJWT({ nonce: "a" }).setProtectedHeader({ alg: "RS256" }).setIssuedAt().sign(privateKey);
const key = await importJWK(await exportJWK(publicKey), "RS256");
const check = await typical(() => jwtVerify(token, key), 200);
process.stdout.write(JSON.stringify({ commit, check }));
