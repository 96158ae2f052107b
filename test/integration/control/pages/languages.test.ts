// Which language a page is in: the browser's, unless the person chose another one.
import { describe, expect, test } from "vitest";
import { createPageClient, type PageClient, type ReadPage } from "../../../e2e/page-client.js";
import { createTestSite, setUp, type TestSite } from "../site.js";

const languageOf = (page: ReadPage): string | undefined => /<html lang="([^"]*)"/.exec(page.html)?.[1];
const speaking = (site: TestSite, acceptLanguage: string): PageClient =>
  createPageClient(site.url, { headers: { "accept-language": acceptLanguage } });

/** Follows the link at the foot of the page. */
async function switchTo(browser: PageClient, language: string): Promise<ReadPage> {
  const link = browser.page().links.find((href) => href.includes(`lang=${language}`));
  if (link === undefined) throw new Error(`no link to ${language}`);
  return await browser.get(link.replaceAll("&amp;", "&"));
}

describe("the language of a page", () => {
  test.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["zh", "zh-Hans"],
    ["zh-Hant-TW", "zh-Hans"],
    ["de-DE,de;q=0.9,zh;q=0.5,en;q=0.4", "zh-Hans"],
    ["en-US,en;q=0.9,zh;q=0.8", "en"],
    ["en;q=0.1,zh;q=0.2", "zh-Hans"],
    ["zh;q=0,en", "en"],
    ["de, fr;q=0.5, *;q=0.1", "en"],
    ["", "en"],
    [`${"x,".repeat(5000)};q=;;=,`, "en"],
  ])("is that of the browser: %s", async (header, language) => {
    const site = await createTestSite();
    const page = await speaking(site, header).get("/sign-in");
    expect(languageOf(page)).toBe(language);
    expect(page.heading).toBe(language === "en" ? "Sign in" : "登录");
    expect(page.headers.get("vary")).toBe("Accept-Language, Cookie");
  });

  test("is switched by a link on every page, comes back to the same place, and is remembered", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = speaking(site, "en");
    await browser.get("/activate?code=BCDF-GHJK");
    expect(browser.page().path).toBe("/sign-in");
    const page = await switchTo(browser, "zh");
    expect(page.path).toBe("/sign-in");
    expect(page.redirects).toEqual([{ status: 303, location: "/sign-in" }]);
    expect(page.text).toContain("请先登录，然后继续激活。");
    await browser.submit(page.form(), { login: "ada", password: "correct horse battery" });
    expect(browser.page().path).toBe("/activate?code=BCDF-GHJK");
    expect(browser.page().heading).toBe("这是您的代码吗？");
    expect((await switchTo(browser, "en")).path).toBe("/activate?code=BCDF-GHJK");
    expect(browser.page().heading).toBe("Is this your code?");
  });

  test("is one that there is; anything else in the address or the cookie is passed over", async () => {
    const site = await createTestSite();
    const browser = speaking(site, "en");
    for (const asked of ["xx", "__proto__", "constructor", "zh&lang=zh", "%0d%0aSet-Cookie:a=b"]) {
      expect(languageOf(await browser.get(`/sign-in?lang=${asked}`))).toBe("en");
      browser.cookies.set("jitnode-language", asked);
      expect(languageOf(await browser.get("/sign-in"))).toBe("en");
    }
    expect(browser.received.filter((cookie) => cookie.startsWith("jitnode-language"))).toEqual([]);
  });

  test("is not that of the agreement that ships, and the page says so", async () => {
    const site = await createTestSite();
    const english = await speaking(site, "en").get("/agreement");
    expect(english.html).toContain('<article class="card document">');
    const chinese = await speaking(site, "zh").get("/agreement");
    expect(chinese.html).toContain('<article class="card document" lang="en">');
    expect(chinese.html).toContain('<h1 lang="en">');
    expect(chinese.text).toContain("本协议仅有英文版本。");
  });

  test("holds for refusals: under fields, above forms and on pages of their own", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = speaking(site, "zh-CN");
    const signIn = await browser.get("/sign-in");
    const refused = await browser.submit(signIn.form(), { login: "ada", password: "wrong wrong wrong" });
    expect(refused.wrong("password")).toMatch(/^登录名或密码错误。/);
    expect(refused.title).toBe("出现问题：登录 · jitnode");
    expect((await browser.get("/nothing-here")).heading).toBe("这个地址上什么也没有。");
    expect((await browser.get("/set-up/used")).text).toContain("此链接无效、已被使用或已过期。");
    expect((await browser.post("/sign-in", { csrf: "x" })).text).toContain("表单早于当前会话");
  });
});
