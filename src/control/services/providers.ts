// The sign-in providers that are switched on, by name. Making them asks nobody anything.

import { JitnodeError } from "../../protocol/errors.js";
import type { ControlConfig } from "../config.js";
import type { ProviderDeps, ProviderType, SignInProvider } from "../sign-in/provider.js";
import { providerTable } from "../sign-in/table.js";
import type { Html } from "../web/html.js";

/** What a page shows of one. */
export interface ProviderChoice {
  /** In lower case, as in the callback URL. */
  readonly name: string;
  readonly type: ProviderType;
  readonly issuer: string;
  readonly label: string;
  readonly mark: Html;
}

export interface Providers {
  /** In the order in which they are shown. */
  readonly choices: readonly ProviderChoice[];
  /** Throws `sign_in_provider_unknown`. */
  get(name: string): SignInProvider;
  /** From the public URL alone, never from what a request says of itself. */
  callbackUrl(name: string): string;
}

export function createProviders(
  { publicUrl, signIns }: Pick<ControlConfig, "publicUrl" | "signIns">,
  deps: ProviderDeps,
): Providers {
  const all = new Map<string, SignInProvider>();
  const choices = signIns.map((settings): ProviderChoice => {
    const { create, label, mark } = providerTable[settings.type];
    const { name, type } = settings;
    const provider = create(settings, deps);
    all.set(name, provider);
    return { name, type, issuer: provider.issuer, label: settings.label ?? label(settings), mark };
  });
  return {
    choices,
    get(name) {
      const provider = all.get(name);
      if (provider === undefined) throw new JitnodeError("sign_in_provider_unknown");
      return provider;
    },
    callbackUrl: (name) => `${publicUrl}/auth/callback/${name}`,
  };
}
