// Where things are mended at WeChat.

import { clock, network } from "../oidc/advice.js";

const app = "open.weixin.qq.com → 管理中心 → 网站应用 → this application";

export const advice = {
  callback: `${app}: the callback domain (授权回调域) must be this host, without scheme, port and path; WeChat says nothing about it to servers.`,
  credentials: `${app}: compare the AppID, and reset the AppSecret.`,
  unionid: `${app}: it must be approved for 微信登录 and belong to the same Open Platform account as before.`,
  network,
  clock,
} as const;
