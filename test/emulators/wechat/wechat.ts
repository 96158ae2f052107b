// WeChat's website login by QR code, as shared reference "wechat-login" describes it. Both hosts (open.weixin.qq.com and
// api.weixin.qq.com) are this one. Errors come with status 200, everything as text/plain.
import { randomBytes, randomUUID } from "node:crypto";
import { createMovableClock, hour, minute, type MovableClock } from "../common/clock.js";
import { createCodes } from "../common/codes.js";
import { decideAt, type Decision } from "../common/decide.js";
import { choicePage, errorPage } from "../common/page.js";
import { redirect, startEmulatorServer, withQuery } from "../common/server.js";
import type { Answer, Asked, EmulatorServer, Endpoint } from "../common/server.js";
import { nobody, xiaolin, type WeChatPerson } from "./people.js";

export type WeChatOptions = {
  /** 授权回调域: a host, without scheme, port or path. */
  readonly callbackDomain?: string;
  readonly people?: readonly WeChatPerson[];
  readonly port?: number;
};

export type WeChatEmulator = Omit<EmulatorServer, "port"> & {
  readonly client: { readonly id: string; secret: string; callbackDomain: string };
  readonly people: WeChatPerson[];
  readonly clock: MovableClock;
  readonly quirks: {
    /** false: neither answer holds one, whoever signs in. */
    unionid: boolean;
    /** What happens on "decline": the Chinese document says nothing, the English one a redirect with the state only. */
    declining: "stays" | "state-only";
    /** Answered by the token endpoint instead of what it should; by "userinfo" likewise. -1, 45011, 42001, … */
    errcode: { token?: number | undefined; userinfo?: number | undefined };
  };
  readonly limits: { requestsPerMinute: number };
  /** A person's way through the page without a browser; `person` is an openid, or "cancel". The fragment is checked. */
  readonly decide: (authorizeUrl: string, person: string) => Promise<Decision>;
  readonly settings: (name: string) => Readonly<Record<string, string>>;
};

const messages: Readonly<Record<number, string>> = {
  [-1]: "system error",
  40001: "invalid credential, access_token is invalid or not latest",
  40003: "invalid openid",
  40013: "invalid appid",
  40029: "invalid code",
  40125: "invalid appsecret",
  40163: "code been used",
  41001: "access_token missing",
  41002: "appid missing",
  41004: "appsecret missing",
  41008: "missing code",
  42001: "access_token expired",
  42007: "user changed password, please login again",
  45009: "reach max api daily quota limit",
  45011: "api minute-quota reach limit, must slower, retry next minute",
  48001: "api unauthorized",
};

const plain = (value: unknown): Answer => ({
  status: 200,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: JSON.stringify(value),
});

const fail = (errcode: number): Answer =>
  plain({ errcode, errmsg: `${messages[errcode] ?? "error"}, rid: ${randomUUID().slice(0, 26)}` });

/** 该链接无法访问: an error page without any way back. */
const unreachable = (code: number): Answer => errorPage(200, "该链接无法访问", `错误码 ${String(code)}`);

export async function startWeChat(options: WeChatOptions = {}): Promise<WeChatEmulator> {
  const clock = createMovableClock();
  const codes = createCodes<WeChatPerson>(clock, () => `0${randomBytes(16).toString("hex").slice(1)}`);
  const tokens = new Map<string, { readonly person: WeChatPerson; readonly until: number }>();
  const people = [...(options.people ?? [xiaolin(), nobody()])];
  const client = {
    id: "wxbdc5610cc59c1631",
    secret: randomBytes(16).toString("hex"),
    callbackDomain: options.callbackDomain ?? "127.0.0.1",
  };
  const quirks: WeChatEmulator["quirks"] = { unionid: true, declining: "stays", errcode: {} };
  const limits = { requestsPerMinute: 50_000 };
  let counted = { since: clock.now(), requests: 0 };

  function limited(): boolean {
    if (clock.now() - counted.since >= minute) counted = { since: clock.now(), requests: 0 };
    counted.requests += 1;
    return counted.requests > limits.requestsPerMinute;
  }

  const unionOf = (person: WeChatPerson): { unionid?: string } =>
    quirks.unionid && person.unionid !== undefined ? { unionid: person.unionid } : {};

  function connect(asked: Asked): Answer {
    const { query } = asked;
    const target = query.get("redirect_uri") ?? "";
    if (query.get("appid") !== client.id) return errorPage(200, "AppID 参数错误", "错误码 40013");
    if (query.get("response_type") !== "code") return unreachable(10_009);
    if (query.get("scope") !== "snsapi_login") return unreachable(10_005);
    if (!URL.canParse(target) || new URL(target).hostname !== client.callbackDomain) return unreachable(10_003);
    const state = query.get("state");
    if (asked.method === "GET") {
      return choicePage({
        provider: "微信登录",
        heading: "使用微信扫一扫登录",
        people: people.map(({ openid, nickname }) => ({ id: openid, label: nickname })),
        agree: (nickname) => `Scan and confirm as ${nickname}`,
        cancel: "Decline",
        // A fragment is never sent to a server: without this one the page shows nothing to press.
        section: "wechat_redirect",
        style: "#wechat_redirect{display:none}#wechat_redirect:target{display:block}",
      });
    }
    if (asked.form.get("decision") === "cancel") {
      if (quirks.declining === "state-only") return redirect(withQuery(target, { state }));
      return errorPage(200, "你已取消此次登录", "你可再次扫描登录，或关闭窗口");
    }
    const person = people.find(({ openid }) => openid === asked.form.get("person"));
    if (person === undefined) return errorPage(200, "二维码已失效", "请刷新");
    return redirect(withQuery(target, { code: codes.issue(person), state }));
  }

  function exchange(asked: Asked): Answer {
    const { query } = asked;
    if (quirks.errcode.token !== undefined) return fail(quirks.errcode.token);
    if (limited()) return fail(45_011);
    if (!query.has("appid")) return fail(41_002);
    if (!query.has("secret")) return fail(41_004);
    if (!query.has("code")) return fail(41_008);
    if (query.get("appid") !== client.id) return fail(40_013);
    if (query.get("secret") !== client.secret) return fail(40_125);
    if (query.get("grant_type") !== "authorization_code") return fail(40_002);
    const redeemed = codes.redeem(query.get("code") ?? "");
    if (redeemed.kind === "used") return fail(40_163);
    if (redeemed.kind !== "good") return fail(40_029);
    const person = redeemed.about;
    const token = `68_${randomBytes(30).toString("base64url")}`;
    tokens.set(token, { person, until: clock.now() + 2 * hour });
    return plain({
      access_token: token,
      expires_in: 7200,
      refresh_token: `68_${randomBytes(30).toString("base64url")}`,
      openid: person.openid,
      scope: "snsapi_login",
      ...unionOf(person),
    });
  }

  function userinfo(asked: Asked): Answer {
    const { query } = asked;
    if (quirks.errcode.userinfo !== undefined) return fail(quirks.errcode.userinfo);
    if (limited()) return fail(45_011);
    if (!query.has("access_token")) return fail(41_001);
    const token = tokens.get(query.get("access_token") ?? "");
    if (token === undefined) return fail(40_001);
    if (clock.now() >= token.until) return fail(42_001);
    const { person } = token;
    if (query.get("openid") !== person.openid) return fail(40_003);
    const { openid, nickname, headimgurl } = person;
    const region = { sex: 0, province: "", city: "", country: "" };
    return plain({ openid, nickname, ...region, headimgurl, privilege: [], ...unionOf(person) });
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    "GET /connect/qrconnect": { name: "authorize", answer: connect },
    "POST /connect/qrconnect": { name: "authorize", answer: connect },
    "GET /sns/oauth2/access_token": { name: "token", answer: exchange },
    "GET /sns/userinfo": { name: "userinfo", answer: userinfo },
  };
  const server = await startEmulatorServer({
    port: options.port,
    find: (method, path) => endpoints[`${method} ${path}`],
  });
  return {
    ...server,
    client,
    people,
    clock,
    quirks,
    limits,
    decide: async (authorizeUrl, person) => {
      if (!authorizeUrl.endsWith("#wechat_redirect")) throw new Error(`${authorizeUrl} lacks #wechat_redirect`);
      return await decideAt(authorizeUrl, person);
    },
    settings: (name) => ({
      [`JITNODE_CONTROL_SIGNIN_${name}_TYPE`]: "wechat",
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_ID`]: client.id,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_SECRET`]: client.secret,
      [`JITNODE_CONTROL_SIGNIN_${name}_BASE_URL`]: server.url,
    }),
  };
}
