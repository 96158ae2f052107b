// The buttons of the sign-in providers: a form each, so that they work without JavaScript.

import { hidden, type Values } from "./form.js";
import { html, type Html } from "./html.js";
import type { ProviderChoice } from "../services/providers.js";

export interface Providing {
  readonly providers: readonly ProviderChoice[];
  readonly token: string;
  readonly label: (provider: string) => string;
  /** What goes along: the link that somebody came with, or that this is to link. */
  readonly values?: Values;
}

export const providerButtons = ({ providers, token, label, values = {} }: Providing): Html =>
  html`<div class="providers">
    ${providers.map(
      (provider) =>
        html`<form method="post" action="/auth/start/${provider.name}">
          ${hidden({ csrf: token, ...values })}<button class="provider">${provider.mark}<span>${label(provider.label)}</span></button>
        </form>`,
    )}
  </div>`;

/** Above the fields of a local account; nothing where there are no providers. */
export const providersBefore = (providing: Providing, or: string): Html | undefined =>
  providing.providers.length === 0
    ? undefined
    : html`${providerButtons(providing)}
        <p class="or"><span>${or}</span></p>`;
