// Signing in by OIDC, from the callback to the page: our own share, without what the exchange at the issuer takes,
// beside one commit on that disk and one check of a signature. What the browser's two exchanges take of a bare server is
// part of our share, and told beside it.

import { Agent, request } from "node:http";
import { join } from "node:path";
import { median, ms, times } from "../measure.js";
import { root } from "../site.js";
import { countCommits } from "../wal.js";
import { startProgram, startSignInSite } from "../sign-in-site.js";

const rounds = 100;
/** Before anything is timed: V8 compiles what runs often, and is done with most of it by then. */
const warmUps = 600;

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
          answer.on("end", () => resolve({ status: answer.statusCode, location: answer.headers.location, text }));
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
  return Buffer.byteLength(page.text);
}

/** What one of them writes, seen on a few of them alone. */
async function commitsOfOne(site) {
  const counted = 5;
  let commits = 0;
  for (let round = 0; round < counted; round += 1) {
    const browser = createBrowser();
    const callback = await fetchCallback(browser, site.url);
    const wal = join(site.folder, "control.db-wal");
    const before = countCommits(wal);
    await arrive(browser, callback, site.url);
    commits += countCommits(wal) - before;
    browser.close();
  }
  return commits / counted;
}

export async function measure() {
  const site = await startSignInSite();
  const exchange = createBrowser();
  let bare;
  try {
    const [whole, issuer, empty, commit, check] = [[], [], [], [], []];
    for (let round = -warmUps; round < rounds; round += 1) {
      const browser = createBrowser();
      const callback = await fetchCallback(browser, site.url);
      const { result: bytes, taken } = await timed(() => arrive(browser, callback, site.url));
      browser.close();
      bare ??= await startProgram(
        [join(root, "test/bench/floors/bare-sign-in.js"), String(bytes), site.folder],
        process.env,
      );
      const [, bareUrl] = await bare.printed(/^(http:\S+)$/m);
      const nothing = await timed(async () => {
        await exchange.send("GET", `${bareUrl}/callback`);
        await exchange.send("GET", bareUrl);
      });
      const floors = [await exchange.send("GET", `${bareUrl}/commit`), await exchange.send("GET", `${bareUrl}/check`)];
      // The same exchange of a code by a client that does nothing else.
      const stranger = createBrowser();
      const other = await fetchCallback(stranger, site.url);
      stranger.close();
      const code = new URL(other).searchParams.get("code");
      const alone = await timed(() => exchange.send("POST", `${site.issuerUrl}/token`, { code }));
      if (!alone.result.text.includes("id_token")) throw new Error(alone.result.text);
      if (round < 0) continue;
      whole.push(taken);
      issuer.push(alone.taken);
      empty.push(nothing.taken);
      commit.push(Number(floors[0].text));
      check.push(Number(floors[1].text));
    }
    const floor = median(commit) + median(check);
    const share = median(whole) - median(issuer);
    const commits = await commitsOfOne(site);
    return [
      [
        "sign-in by OIDC, from callback to page, our own share",
        `${ms(share)} (of ${ms(median(whole))}; the exchange at the issuer ${ms(median(issuer))}; two exchanges with a bare server of as many bytes ${ms(median(empty))}; ${commits.toFixed(1)} commits)`,
        `one commit ${ms(median(commit))} + one RS256 check ${ms(median(check))}`,
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
