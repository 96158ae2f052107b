// The types of sign-in providers. Another one is a folder beside these, a line here, and its keys in config/sign-ins.ts.

import { kind as entra } from "./entra/index.js";
import { kind as github } from "./github/index.js";
import { kind as google } from "./google/index.js";
import { kind as oidc } from "./oidc/index.js";
import type { ProviderKind, ProviderType } from "./provider.js";
import { kind as wechat } from "./wechat/index.js";

export const providerTable: Readonly<Record<ProviderType, ProviderKind>> = { google, github, wechat, entra, oidc };
