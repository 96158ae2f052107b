// A bare node:http server with what no sign-in can do without, each by itself: a redirect from /callback and a page, with
// the headers and as many bytes as argv[2] says in JSON, one commit (synchronous=FULL) in the folder of argv[3] from
// /commit, and one check of an RS256 signature from /check. The latter two answer with their own milliseconds. Prints its
// URL.
import BetterSqlite3 from "better-sqlite3";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import { join } from "node:path";

const answers = JSON.parse(process.argv[2]);
const page = Buffer.alloc(answers.bytes, "x").toString();

const database = new BetterSqlite3(join(process.argv[3], "commits.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("create table if not exists t (id integer primary key, value text)");
const insert = database.prepare("insert into t (value) values (?)");

const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
const token = await new SignJWT({ nonce: "a" }).setProtectedHeader({ alg: "RS256" }).setIssuedAt().sign(privateKey);
const key = await importJWK(await exportJWK(publicKey), "RS256");

const alone = {
  "/commit": () => insert.run("x".repeat(200)),
  "/check": () => jwtVerify(token, key),
};

async function taken(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const server = createServer((request, response) => {
  const work = alone[request.url];
  if (work !== undefined) void taken(work).then((time) => response.writeHead(200).end(String(time)));
  else if (request.url === "/callback") response.writeHead(303, answers.redirect).end();
  else response.writeHead(200, answers.page).end(page);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
console.log(`http://127.0.0.1:${server.address().port}`);
process.once("SIGTERM", () => process.exit(0));
