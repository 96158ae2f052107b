// Signing in by OIDC, from the callback to the page: our own share, which is what it takes longer than a bare sign-in (the
// same exchange with the issuer, one check, one commit, the same redirect and page), and that commit and check. Both in
// turn, each by a browser of its own.

import { Agent, request } from "node:http";
import { join } from "node:path";
import { median, ms, times } from "../measure.js";
import { root } from "../site.js";
import { countCommits } from "../wal.js";
import { startProgram, startSignInSite } from "../sign-in-site.js";

const rounds = 200;
/**
 * Sign-ins before anything is timed, some at once: a control plane runs for months, and V8 goes on compiling what runs
 * often for as long as this. With the rounds they stay below the 20,000 an hour from which on all sign-ins are slowed.
 */
const warmUps = { browsers: 8, each: 2000 };
/** Of the floor: until it is compiled as well, and its write-ahead log has begun anew (at 1000 pages). */
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

/** From the callback to the page; throws where one of them is refused. */
async function arrive(browser, callback, url) {
  const back = await browser.send("GET", callback);
  if (back.status !== 303) throw new Error(`the callback answered ${back.status}: ${back.text}`);
  const page = await browser.send("GET", new URL(back.location, url));
  if (page.status !== 200) throw new Error(`the page answered ${page.status}: ${page.text}`);
  return { redirect: back.headers, page: page.headers, text: page.text };
}

/** @returns what was answered, and milliseconds from the callback to the page; throws where nobody is signed in by it */
async function signIn(url) {
  const browser = createBrowser();
  const callback = await fetchCallback(browser, url);
  const { result, taken } = await timed(() => arrive(browser, callback, url));
  browser.close();
  const { redirect, page, text } = result;
  if (!text.includes("Noor Example")) throw new Error(`not signed in: ${text}`);
  return { answers: { redirect, page, bytes: Buffer.byteLength(text) }, taken };
}

/** @returns milliseconds from the callback to the page, and of those the exchange's, the check's and the commit's */
async function bareSignIn(url, bareUrl) {
  const browser = createBrowser();
  const callback = new URL(await fetchCallback(browser, url));
  // The connection is open, as the other's is.
  await browser.send("GET", bareUrl);
  const { taken } = await timed(() => arrive(browser, `${bareUrl}/callback${callback.search}`, bareUrl));
  const parts = JSON.parse((await browser.send("GET", `${bareUrl}/taken`)).text);
  browser.close();
  return { taken, ...parts };
}

async function repeat(count, work) {
  for (let time = 0; time < count; time += 1) await work();
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
  let bare;
  try {
    const [whole, floors] = [[], []];
    await Promise.all(Array.from({ length: warmUps.browsers }, () => repeat(warmUps.each, () => signIn(site.url))));
    const { answers } = await signIn(site.url);
    bare = await startProgram(
      [join(root, "test/bench/floors/bare-sign-in.js"), JSON.stringify(answers), site.issuerUrl, site.folder],
      process.env,
    );
    const [, bareUrl] = await bare.printed(/^(http:\S+)$/m);
    await repeat(floorWarmUps, () => bareSignIn(site.url, bareUrl));
    for (let round = -uncounted; round < rounds; round += 1) {
      const { taken } = await signIn(site.url);
      const floor = await bareSignIn(site.url, bareUrl);
      if (round < 0) continue;
      whole.push(taken);
      floors.push(floor);
    }
    const [bareWhole, exchange, check, commit] = ["taken", "exchange", "check", "commit"].map((name) =>
      median(floors.map((floor) => floor[name])),
    );
    const floor = commit + check;
    const share = median(whole) - bareWhole + floor;
    // As if the browser, the loopback and HTTP were ours as well.
    const all = times((median(whole) - exchange) / floor);
    const commits = await commitsOfOne(site);
    return [
      [
        "sign-in by OIDC, from callback to page, our own share",
        `${ms(share, 2)} (${ms(median(whole), 2)}, where a bare sign-in takes ${ms(bareWhole, 2)}; ${commits} commit; ${all} with browser, loopback and HTTP)`,
        `of a bare sign-in: one commit ${ms(commit, 2)} + one RS256 check ${ms(check, 2)}`,
        times(share / floor),
        "at most 3 ×",
      ],
    ];
  } finally {
    await bare?.stop();
    await site.stop();
  }
}
