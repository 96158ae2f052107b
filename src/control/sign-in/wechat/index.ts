// WeChat's website login by QR code. A person is the `unionid`: the same in all applications of an Open Platform account.
// Without one the sign-in is refused: `openid` is another id for the same person, so that falling back to it would give
// them a second account here on one day and not on another.

import { JitnodeError } from "../../../protocol/errors.js";
import type { ProviderKind } from "../provider.js";
import { checkWeChat } from "./check.js";
import { createWeChatClient } from "./client.js";
import { mark } from "./mark.js";

/** One of them for both of its hosts; part of the key of accounts. */
const weChat = "https://open.weixin.qq.com";

export const kind: ProviderKind = {
  label: () => "WeChat",
  mark,
  create(settings, deps) {
    const client = createWeChatClient(settings, deps.http);
    return {
      issuer: settings.baseUrl ?? weChat,
      authorizationUrl: async (journey) => client.authorizationUrl(journey),
      async identify(callback) {
        const { nickname, unionid } = await client.user(await client.exchange(callback));
        if (unionid === undefined || unionid === "") {
          throw new JitnodeError("sign_in_not_permitted", {
            message: "WeChat did not say who you are in all its applications (unionid).",
            hint: "Whoever runs this control plane mends that; `jitnode-control sign-in check` says where.",
            log: { reason: "there is no unionid" },
          });
        }
        return { subject: unionid, name: nickname, display: nickname };
      },
      check: (redirectUri) => checkWeChat(client, deps.clock, redirectUri),
    };
  },
};
