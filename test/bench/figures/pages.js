// The sign-in and the activation page in a real browser: bytes in all, hosts that are asked, and the first paint beside
// that of a static page of the same size from a bare server in the same browser.

import { createServer } from "node:http";
import { once } from "node:events";
import { startBrowser } from "../browser.js";
import { median, ms, sleep, times } from "../measure.js";
import { bin } from "../site.js";
import { startProgram, startSignInSite } from "../sign-in-site.js";

const runs = 15;
const kilobyte = 1024;

/**
 * As many bytes as the page has, of nothing but text, with the same headers: Cross-Origin-Opener-Policy alone makes the
 * browser start another process, whatever the page is.
 */
async function startStaticServer() {
  let bytes = 0;
  let policies = {};
  const head = "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><h1>A page</h1>";
  const server = createServer((_request, response) => {
    const line = "<p>A line of a page that is nothing but text.</p>\n";
    const lines = line.repeat(Math.max(0, Math.floor((bytes - head.length) / line.length)));
    response.writeHead(200, { ...policies, "content-type": "text/html; charset=utf-8" });
    response.end((head + lines).padEnd(bytes, " "));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    like: (page) => ({ html: bytes, policies } = page),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Everything that loading this page fetched, headers and all, the icon included: a headless browser leaves that out. */
async function weigh(context, url) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const [fetched, sizes] = [new Set(), []];
  session.on("Network.requestWillBeSent", ({ request }) => fetched.add(request.url));
  session.on("Network.loadingFinished", ({ encodedDataLength }) => sizes.push(encodedDataLength));
  const answer = await page.goto(url, { waitUntil: "networkidle" });
  const policies = Object.fromEntries(
    Object.entries(await answer.allHeaders()).filter(([name]) =>
      /^(cache-control|x-|referrer|cross|perm|content-sec|vary)/.test(name),
    ),
  );
  const html = Buffer.byteLength(await page.content());
  const icon = await page.locator("link[rel=icon]").getAttribute("href");
  await page.close();
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  const iconUrl = new URL(icon, url);
  if (!fetched.has(iconUrl.href)) {
    const drawn = await fetch(iconUrl);
    const headers = [...drawn.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 20);
    bytes += headers + (await drawn.arrayBuffer()).byteLength;
    fetched.add(iconUrl.href);
  }
  const hosts = new Set([...fetched].map((each) => new URL(each).host).filter((host) => host !== new URL(url).host));
  return { bytes, html, policies, requests: fetched.size, hosts: [...hosts] };
}

async function firstPaint(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  try {
    // Asked again and again from outside: the pages' policy lets no waiting script in.
    for (let attempt = 0; attempt < 500; attempt += 1) {
      const painted = await page.evaluate("performance.getEntriesByName('first-paint')[0]?.startTime");
      if (painted !== undefined) return painted;
      await sleep(10);
    }
    throw new Error(`${url} was never painted`);
  } finally {
    await page.close();
  }
}

async function comparePaint(context, url, staticUrl) {
  await firstPaint(context, url);
  await firstPaint(context, staticUrl);
  const [ours, theirs] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    ours.push(await firstPaint(context, url));
    theirs.push(await firstPaint(context, staticUrl));
  }
  return { ours: median(ours), theirs: median(theirs), ratio: median(ours.map((value, run) => value / theirs[run])) };
}

/** Signs in by the set-up link and goes to what a node asks for. */
async function openActivation(context, site, code) {
  const page = await context.newPage();
  await page.goto(site.setupLink);
  await page.fill("[name=login]", "figures");
  await page.fill("[name=name]", "Figures");
  await page.fill("[name=password]", "correct horse battery staple");
  await page.click("main form:has([name=password]) button");
  await page.goto(`${site.url}/activate?code=${code}`);
  await page.click("main form button");
  await page.waitForURL(/seen=/);
  const url = page.url();
  await page.close();
  return url;
}

export async function measure() {
  const site = await startSignInSite();
  const { browser, close } = await startBrowser();
  const plain = await startStaticServer();
  const node = await startProgram([bin("jitnoded")], {
    ...site.environment,
    JITNODE_SERVER: site.url,
    JITNODE_STATE_DIR: site.folder,
    JITNODE_SOCKET: `${site.folder}/jitnoded.sock`,
  });
  try {
    const [, code] = await node.printed(/Code\s+([A-Z]{4}-[A-Z]{4})/);
    const viewport = { width: 360, height: 740 };
    const [stranger, person] = [await browser.newContext({ viewport }), await browser.newContext({ viewport })];
    const pages = [
      ["sign-in page with five providers", stranger, `${site.url}/sign-in`],
      ["activation page of a node", person, await openActivation(person, site, code)],
    ];
    const rows = [];
    for (const [name, context, url] of pages) {
      const page = await weigh(context, url);
      const { bytes, requests, hosts } = page;
      plain.like(page);
      const { ours, theirs, ratio } = await comparePaint(context, url, plain.url);
      rows.push(
        [
          `${name}, transferred`,
          `${(bytes / kilobyte).toFixed(1)} KB in ${requests} requests`,
          "–",
          "–",
          "at most 30 KB",
        ],
        [`${name}, other hosts asked`, hosts.length === 0 ? "none" : hosts.join(", "), "–", "–", "none"],
        [
          `${name}, first paint`,
          ms(ours),
          `static page of the same size and headers ${ms(theirs)}`,
          times(ratio),
          "at most 2 ×",
        ],
      );
    }
    return rows;
  } finally {
    await node.stop();
    plain.close();
    await close();
    await site.stop();
  }
}
