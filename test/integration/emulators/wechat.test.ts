// The emulated WeChat behaves as the reference says WeChat does.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hour, minute } from "../../emulators/common/clock.js";
import { startWeChat, type WeChatEmulator } from "../../emulators/wechat/wechat.js";
import { onEnd } from "../../support/cleanup.js";
import { callback, members, withParameters } from "./authorization.js";

let wechat: WeChatEmulator;
beforeAll(async () => {
  wechat = await startWeChat();
  onEnd(() => wechat.close(), "file");
});
beforeEach(() => {
  wechat.clock.reset();
  Object.assign(wechat.quirks, { unionid: true, declining: "stays", errcode: {} });
});

const openid = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

function connectUrl(more: Readonly<Record<string, string>> = {}): string {
  const parameters = { appid: wechat.client.id, redirect_uri: callback, response_type: "code", scope: "snsapi_login" };
  return `${withParameters(`${wechat.url}/connect/qrconnect`, { ...parameters, state: "state-1", ...more })}#wechat_redirect`;
}

async function obtainCode(): Promise<string> {
  const { location } = await wechat.decide(connectUrl(), openid);
  expect(location?.searchParams.get("state")).toBe("state-1");
  return location?.searchParams.get("code") ?? "";
}

async function ask(path: string, parameters: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch(withParameters(`${wechat.url}${path}`, parameters));
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch("text/plain");
  return await members(response);
}

const exchange = (code: string, more: Readonly<Record<string, string>> = {}) =>
  ask("/sns/oauth2/access_token", {
    appid: wechat.client.id,
    secret: wechat.client.secret,
    code,
    grant_type: "authorization_code",
    ...more,
  });

const userinfo = (token: unknown, whose = openid) =>
  ask("/sns/userinfo", { access_token: String(token), openid: whose, lang: "zh_CN" });

describe("the page", () => {
  test("shows nothing to press unless the address ends in #wechat_redirect", async () => {
    const page = await (await fetch(connectUrl())).text();
    expect(page).toContain("#wechat_redirect{display:none}");
    expect(page).toContain('<section id="wechat_redirect">');
    await expect(wechat.decide(connectUrl().replace("#wechat_redirect", ""), openid)).rejects.toThrow(
      /wechat_redirect/,
    );
  });

  test.each([
    [{ redirect_uri: "https://evil.example/cb" }, "10003"],
    [{ scope: "snsapi_userinfo" }, "10005"],
    [{ appid: "wx0000000000000000" }, "40013"],
  ])("goes nowhere with %j", async (wrong, code) => {
    const { location, page } = await wechat.decide(connectUrl(wrong), openid);
    expect(location).toBeUndefined();
    expect(page).toContain(code);
  });

  test("goes nowhere when a person declines; on request, back with the state alone", async () => {
    expect((await wechat.decide(connectUrl(), "cancel")).location).toBeUndefined();
    wechat.quirks.declining = "state-only";
    expect((await wechat.decide(connectUrl(), "cancel")).location?.search).toBe("?state=state-1");
  });
});

describe("the code", () => {
  test("gives openid and unionid, once: 40163 after that", async () => {
    const code = await obtainCode();
    const token = await exchange(code);
    expect(token).toMatchObject({ openid, unionid: "o6_bmasdasdsad6_2sgVt7hMZOPfL", expires_in: 7200 });
    expect(token["errcode"]).toBeUndefined();
    expect(await exchange(code)).toMatchObject({ errcode: 40163 });
  });

  test("is 40029 when unknown or ten minutes old", async () => {
    const code = await obtainCode();
    wechat.clock.move(10 * minute);
    expect(await exchange(code)).toMatchObject({ errcode: 40029 });
    expect(await exchange("nonsense")).toMatchObject({ errcode: 40029 });
  });

  test("needs the right appid and secret, which do not use it up", async () => {
    const code = await obtainCode();
    expect(await exchange(code, { appid: "wx1" })).toMatchObject({ errcode: 40013 });
    expect(await exchange(code, { secret: "wrong" })).toMatchObject({ errcode: 40125 });
    expect(await exchange(code)).toMatchObject({ openid });
  });
});

describe("userinfo", () => {
  test("says the nickname and the unionid, where there is one", async () => {
    const { access_token } = await exchange(await obtainCode());
    expect(await userinfo(access_token)).toMatchObject({ nickname: "小林 Lin 🚀", sex: 0, city: "", privilege: [] });
    wechat.quirks.unionid = false;
    expect(await userinfo(access_token)).not.toHaveProperty("unionid");
    expect(await exchange(await obtainCode())).not.toHaveProperty("unionid");
  });

  test("refuses a wrong openid, a wrong token, and a token two hours old", async () => {
    const { access_token } = await exchange(await obtainCode());
    expect(await userinfo(access_token, "o6_else")).toMatchObject({ errcode: 40003 });
    expect(await userinfo("nonsense")).toMatchObject({ errcode: 40001 });
    wechat.clock.move(2 * hour);
    expect(await userinfo(access_token)).toMatchObject({ errcode: 42001 });
  });
});

test("is busy, or limits a minute, when told to", async () => {
  wechat.quirks.errcode.token = -1;
  expect(await exchange(await obtainCode())).toMatchObject({ errcode: -1 });
  wechat.quirks.errcode.token = undefined;
  wechat.limits.requestsPerMinute = 0;
  const code = await obtainCode();
  expect(await exchange(code)).toMatchObject({ errcode: 45011 });
  wechat.limits.requestsPerMinute = 50_000;
  wechat.clock.move(minute);
  expect(await exchange(code)).toMatchObject({ openid });
});
