// Signing in by OIDC, from the callback to the page: our own share, which is what remains of it without the exchange at the
// issuer and without what two exchanges take a bare server that sends as many bytes and the same headers (the browser, the loopback, HTTP), beside
// one commit on that disk and one check of a signature. Each is taken in turn with the others.

import { Agent, request } from "node:http";
import { join } from "node:path";
import { median, ms, times } from "../measure.js";
import { root } from "../site.js";
import { countCommits } from "../wal.js";
import { startProgram, startSignInSite } from "../sign-in-site.js";

const rounds = 200;
/**
 * Sign-ins before anything is timed, some at once: a control plane runs for months, and V8 goes on compiling what runs
 * often for as long as this.
 */
const warmUps = { browsers: 8, each: 1000 };
/** Of each floor: until it is compiled as well, and its write-ahead log has begun anew (at 1000 pages). */
const floorWarmUps = 2000;
/** Rounds that are not counted. */
const uncounted = 100;

/** An address has 600 sign-ins an hour: each browser comes from one of its own. */
let browsers = 0;

/** A browser that is nothing but cookies: one request, not following redirects. */
function createBrowser() {
  const agent = new Agent({ keepAlive: true });
  const cookies = new Map();
  const address = `10.0.${(browsers >> 8) & 255}.${browsers++ & 255}`;
  return {
    cookies,
    close: () => agent.destroy(),
    send(method, url, form) {
      return new Promise((resolve, reject) => {
        const body = form === undefined ? undefined : new URLSearchParams(form).toString();
        const headers = {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
          accept: "text/html",
          "user-agent": "figures",
          "x-forwarded-for": address,
          ...(body === undefined
            ? {}
            : { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" }),
        };
        request(url, { method, agent, headers }, (answer) => {
          let text = "";
          for (const header of answer.headers["set-cookie"] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(header);
            if (/max-age=0|expires=thu, 01 jan 1970/i.test(header)) cookies.delete(name);
            else cookies.set(name, value);
          }
          answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
          answer.on("end", () =>
            resolve({ status: answer.statusCode, headers: answer.headers, location: answer.headers.location, text }),
          );
        })
          .on("error", reject)
          .end(body);
      });
    },
  };
}

const decode = (text) => text.replaceAll("&amp;", "&");

/** To the issuer and to where it sends the browser back. */
async function fetchCallback(browser, url) {
  const signIn = await browser.send("GET", `${url}/sign-in`);
  const [, csrf] = /name="csrf" value="([^"]+)"/.exec(signIn.text) ?? [];
  const start = await browser.send("POST", `${url}/auth/start/home`, { csrf });
  const [, away] = /href="(http[^"]+\/authorize[^"]+)"/.exec(start.text) ?? [];
  if (away === undefined) throw new Error(`the start led nowhere: ${start.status} ${start.text}`);
  return (await browser.send("GET", decode(away))).location;
}

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { result, taken: performance.now() - start };
}

/** From the callback to the page; throws where nobody is signed in by it. */
async function arrive(browser, callback, url) {
  const back = await browser.send("GET", callback);
  if (back.status !== 303) throw new Error(`the callback answered ${back.status}: ${back.text}`);
  const page = await browser.send("GET", new URL(back.location, url));
  if (page.status !== 200 || !page.text.includes("Noor Example")) throw new Error(`not signed in: ${page.text}`);
  return { redirect: back.headers, page: page.headers, bytes: Buffer.byteLength(page.text) };
}

async function warmUp(url) {
  for (let time = 0; time < warmUps.each; time += 1) {
    const browser = createBrowser();
    await arrive(browser, await fetchCallback(browser, url), url);
    browser.close();
  }
}

/** What one of them writes, seen on a few of them alone; between two of them the log may begin anew. */
async function commitsOfOne(site) {
  const commits = [];
  for (let round = 0; round < 5; round += 1) {
    const browser = createBrowser();
    const callback = await fetchCallback(browser, site.url);
    const wal = join(site.folder, "control.db-wal");
    const before = countCommits(wal);
    await arrive(browser, callback, site.url);
    commits.push(countCommits(wal) - before);
    browser.close();
  }
  return median(commits);
}

export async function measure() {
  const site = await startSignInSite();
  const exchange = createBrowser();
  let bare;
  try {
    const [whole, issuer, empty, commit, check] = [[], [], [], [], []];
    await Promise.all(Array.from({ length: warmUps.browsers }, () => warmUp(site.url)));
    const first = createBrowser();
    const answers = await arrive(first, await fetchCallback(first, site.url), site.url);
    first.close();
    bare = await startProgram(
      [join(root, "test/bench/floors/bare-sign-in.js"), JSON.stringify(answers), site.folder],
      process.env,
    );
    const [, bareUrl] = await bare.printed(/^(http:\S+)$/m);
    const nothing = async () => {
      await exchange.send("GET", `${bareUrl}/callback`);
      await exchange.send("GET", bareUrl);
    };
    const alone = async (path) => Number((await exchange.send("GET", bareUrl + path)).text);
    for (let time = 0; time < floorWarmUps; time += 1) {
      await nothing();
      await alone("/commit");
      await alone("/check");
    }
    for (let round = -uncounted; round < rounds; round += 1) {
      const browser = createBrowser();
      const callback = await fetchCallback(browser, site.url);
      const arrival = await timed(() => arrive(browser, callback, site.url));
      browser.close();
      const floors = [await timed(nothing), await alone("/commit"), await alone("/check")];
      // The same exchange of a code by a client that does nothing else.
      const stranger = createBrowser();
      const code = new URL(await fetchCallback(stranger, site.url)).searchParams.get("code");
      stranger.close();
      const token = await timed(() => exchange.send("POST", `${site.issuerUrl}/token`, { code }));
      if (!token.result.text.includes("id_token")) throw new Error(token.result.text);
      if (round < 0) continue;
      whole.push(arrival.taken);
      empty.push(floors[0].taken);
      commit.push(floors[1]);
      check.push(floors[2]);
      issuer.push(token.taken);
    }
    const floor = median(commit) + median(check);
    const share = median(whole) - median(issuer) - median(empty);
    const commits = await commitsOfOne(site);
    return [
      [
        "sign-in by OIDC, from callback to page, our own share",
        `${ms(share, 2)} (of ${ms(median(whole), 2)}; the exchange at the issuer ${ms(median(issuer), 2)}; two exchanges with a bare server, same headers and bytes, ${ms(median(empty), 2)}; ${commits} commit)`,
        `one commit ${ms(median(commit), 2)} + one RS256 check ${ms(median(check), 2)}`,
        times(share / floor),
        "at most 3 ×",
      ],
    ];
  } finally {
    exchange.close();
    await bare?.stop();
    await site.stop();
  }
}
