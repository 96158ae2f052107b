import { expect, it } from "vitest";
import { readSignIns } from "../../../../src/config/sign-ins.js";
import { providerTable } from "../../../../src/control/sign-in/table.js";
import { createClock } from "../../../../src/platform/clock.js";

const journey = {
  state: "s".repeat(43),
  nonce: "n".repeat(43),
  verifier: "v".repeat(43),
  redirectUri: "https://control.example.com/auth/callback/x",
};

/** Where a browser is sent, and what is asked after it has come back; provider servers answer `answers` in turn. */
async function hosts(type: string, more: Readonly<Record<string, string>>, answers: readonly unknown[]) {
  const given = { TYPE: type, CLIENT_ID: "id", CLIENT_SECRET: "secret", ...more };
  const environment = Object.entries(given).map(([key, value]) => [`JITNODE_CONTROL_SIGNIN_X_${key}`, value]);
  const [settings] = readSignIns(Object.fromEntries(environment));
  if (settings === undefined) throw new Error("one is set");
  const asked: string[] = [];
  const left = [...answers];
  const http = {
    json: async ({ url }: { readonly url: string }) => {
      asked.push(`${new URL(url).origin}${new URL(url).pathname}`);
      return { status: 200, date: undefined, body: left.shift() };
    },
  };
  const provider = providerTable[settings.type].create(settings, { http, clock: createClock() });
  const place = new URL(await provider.authorizationUrl(journey));
  const person = await provider.identify(new URLSearchParams({ code: "c", state: journey.state }), journey);
  return { place: `${place.origin}${place.pathname}`, asked, issuer: provider.issuer, subject: person.subject };
}

const github = [
  { access_token: "t", token_type: "bearer", scope: "a,b" },
  { id: 7, login: "lin", name: null },
];

it.each([
  ["https://github.com", "https://api.github.com/user", {}],
  ["https://git.example.com", "https://git.example.com/api/v3/user", { BASE_URL: "https://git.example.com/" }],
  ["https://acme.ghe.com", "https://api.acme.ghe.com/user", { BASE_URL: "https://acme.ghe.com" }],
])("finds GitHub's API beside %s", async (site, user, more) => {
  expect(await hosts("github", more, github)).toEqual({
    place: `${site}/login/oauth/authorize`,
    asked: [`${site}/login/oauth/access_token`, user],
    issuer: site,
    subject: "7",
  });
});

it("asks WeChat at both of its hosts", async () => {
  const answers = [
    { access_token: "t", openid: "o" },
    { openid: "o", nickname: "林", unionid: "u" },
  ];
  expect(await hosts("wechat", {}, answers)).toEqual({
    place: "https://open.weixin.qq.com/connect/qrconnect",
    asked: ["https://api.weixin.qq.com/sns/oauth2/access_token", "https://api.weixin.qq.com/sns/userinfo"],
    issuer: "https://open.weixin.qq.com",
    subject: "u",
  });
});

it.each([
  ["google", {}, "https://accounts.google.com/.well-known/openid-configuration"],
  [
    "entra",
    { TENANT: "3F6A1C52-8d7e-4b0a-9c1d-2e5f60718293" },
    "https://login.microsoftonline.com/3f6a1c52-8d7e-4b0a-9c1d-2e5f60718293/v2.0/.well-known/openid-configuration",
  ],
  [
    "entra",
    { TENANT: "3f6a1c52-8d7e-4b0a-9c1d-2e5f60718293", BASE_URL: "https://login.microsoftonline.us" },
    "https://login.microsoftonline.us/3f6a1c52-8d7e-4b0a-9c1d-2e5f60718293/v2.0/.well-known/openid-configuration",
  ],
])("looks for the discovery document of %s %j", async (type, more, location) => {
  // The answer is none, and the message says where it was sought.
  await expect(hosts(type, more, [{}])).rejects.toMatchObject({
    log: { reason: `what is at ${location} is no discovery document` },
  });
});
