// WeChat's OAuth dialect: `appid` and `secret`, a fragment on the authorize URL, the token by GET, errors with status 200
// (`errcode`, absent on success), everything as text/plain; no PKCE and no ID token.

import { asShape } from "../../../protocol/parse.js";
import { open, text, Type, type Static } from "../../../protocol/schema.js";
import { codeOf } from "../callback.js";
import { failed, unreachable, type ProviderAnswer, type ProviderHttp } from "../http.js";
import type { Journey, SignInSettings } from "../provider.js";
import { JitnodeError } from "../../../protocol/errors.js";

const refusal = open({ errcode: Type.Integer() });
const tokenAnswer = open({ access_token: text(1000, 1), openid: text(200, 1) });
const userAnswer = open({
  openid: text(200, 1),
  nickname: Type.Optional(text(500)),
  unionid: Type.Optional(text(200)),
});

type Token = Static<typeof tokenAnswer>;

export interface WeChatClient {
  authorizationUrl(journey: Journey): string;
  exchange(callback: URLSearchParams): Promise<Token>;
  user(token: Token): Promise<Static<typeof userAnswer>>;
  /** As WeChat answers: for the check. */
  askForToken(code: string): Promise<ProviderAnswer>;
}

export function createWeChatClient(settings: SignInSettings, http: ProviderHttp): WeChatClient {
  const { baseUrl, clientId, clientSecret = "" } = settings;
  const site = baseUrl ?? "https://open.weixin.qq.com";
  const api = baseUrl ?? "https://api.weixin.qq.com";

  const askForToken = (code: string): Promise<ProviderAnswer> =>
    get("/sns/oauth2/access_token", { appid: clientId, secret: clientSecret, code, grant_type: "authorization_code" });
  const get = (path: string, query: Readonly<Record<string, string>>): Promise<ProviderAnswer> =>
    http.json({ method: "GET", url: `${api}${path}?${new URLSearchParams(query).toString()}` });

  return {
    askForToken,

    /** Parameters in this order, and the fragment at the end: without it WeChat shows no QR code. */
    authorizationUrl({ state, redirectUri }) {
      const query = new URLSearchParams({
        appid: clientId,
        redirect_uri: redirectUri,
        response_type: "code",
        scope: "snsapi_login",
        state,
      });
      return `${site}/connect/qrconnect?${query.toString()}#wechat_redirect`;
    },

    async exchange(callback) {
      const { body } = await askForToken(codeOf(callback));
      assertNoError(body);
      const token = asShape(tokenAnswer, body);
      if (token === undefined) throw failed("its token endpoint answered with no token");
      return token;
    },

    async user({ access_token, openid }) {
      const { body } = await get("/sns/userinfo", { access_token, openid, lang: "zh_CN" });
      assertNoError(body);
      const user = asShape(userAnswer, body);
      if (user === undefined || user.openid !== openid) throw failed("it does not say who it is");
      return user;
    },
  };
}

/** The texts of its errors change and hold ids; the numbers do not. */
function assertNoError(body: unknown): void {
  const { errcode = 0 } = asShape(refusal, body) ?? {};
  const reason = `it answered with errcode ${String(errcode)}`;
  switch (errcode) {
    case 0:
      return;
    // Busy, and over its limits for this minute or day.
    case -1:
    case 45009:
    case 45011:
      throw unreachable(reason);
    // A code that is wrong, expired or used: the same one may be answered with either.
    case 40029:
    case 40163:
      throw new JitnodeError("sign_in_attempt_invalid", { log: { reason } });
    default:
      throw failed(reason);
  }
}
