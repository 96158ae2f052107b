// A sign-in of nothing but what none can do without, by a bare node:http server: /callback exchanges the code at the issuer
// of argv[3], checks the ID token's RS256 signature, makes one commit (synchronous=FULL) in the folder of argv[4] and
// redirects to a page; both with the headers and as many bytes as argv[2] says in JSON. /taken tells in JSON how many
// milliseconds exchange, check and commit of the last one took. Prints its URL.
import BetterSqlite3 from "better-sqlite3";
import { Agent, createServer, request } from "node:http";
import { createLocalJWKSet, jwtVerify } from "jose";
import { join } from "node:path";

const [answers, issuer, folder] = [JSON.parse(process.argv[2]), process.argv[3], process.argv[4]];
const page = Buffer.alloc(answers.bytes, "x").toString();

const database = new BetterSqlite3(join(folder, "commits.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("create table if not exists t (id integer primary key, value text)");
const insert = database.prepare("insert into t (value) values (?)");

const agent = new Agent({ keepAlive: true });

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
    request(issuer + path, { method, agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve(JSON.parse(text)));
    })
      .on("error", reject)
      .end(body);
  });
}

const key = createLocalJWKSet(await ask("GET", "/keys"));
const taken = {};

async function timed(name, work) {
  const start = performance.now();
  const result = await work();
  taken[name] = performance.now() - start;
  return result;
}

async function signIn(url) {
  const code = new URL(url, issuer).searchParams.get("code");
  const { id_token: token } = await timed("exchange", () => ask("POST", "/token", `code=${code}`));
  await timed("check", () => jwtVerify(token, key));
  await timed("commit", () => insert.run("x".repeat(200)));
}

const server = createServer((incoming, response) => {
  if (incoming.url.startsWith("/callback?")) {
    void signIn(incoming.url).then(() => response.writeHead(303, answers.redirect).end());
  } else if (incoming.url === "/taken") response.writeHead(200).end(JSON.stringify(taken));
  else response.writeHead(200, answers.page).end(page);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
console.log(`http://127.0.0.1:${server.address().port}`);
process.once("SIGTERM", () => process.exit(0));
