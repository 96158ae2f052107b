// Who has WeChat on their phone.

export type WeChatPerson = {
  /** Per application. */
  readonly openid: string;
  /** Per open-platform account: the same person in all its applications. Sometimes missing. */
  unionid?: string;
  /** Emoji and duplicates are possible. */
  nickname: string;
  headimgurl: string;
};

export const xiaolin = (): WeChatPerson => ({
  openid: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
  unionid: "o6_bmasdasdsad6_2sgVt7hMZOPfL",
  nickname: "小林 Lin 🚀",
  headimgurl: "https://thirdwx.example.com/mmopen/abc/132",
});

/** Without an avatar and without a unionid. */
export const nobody = (): WeChatPerson => ({
  openid: "o6_bmjrNoUnionIdAtAll00000000",
  nickname: "节点",
  headimgurl: "",
});
