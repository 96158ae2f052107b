// What is shown instead of a page: what happened and what to do, in the same look.

import type { JitnodeError } from "../../../protocol/errors.js";
import { explain } from "../form.js";
import { html } from "../html.js";
import type { Page } from "../layout.js";
import { signs } from "../mark.js";
import { sentence } from "../text.js";
import type { Texts } from "../texts/texts.js";

export function errorPage(
  texts: Texts,
  error: JitnodeError,
  back: { readonly href: string; readonly text: string } = { href: "/", text: texts.error.back },
): Page {
  const { message, advice } = explain(texts, error);
  return {
    title: message,
    refused: error,
    main: html`<div class="card done">
        <span class="seal not">${signs.attention}</span>
        <h1>${sentence(message)}</h1>
        <p class="lead">${sentence(advice)}</p>
        <p><a class="button" href="${back.href}">${back.text}</a></p>
      </div>
      <p class="after">${texts.error.status(error.status)} · <span class="mono">${error.code}</span></p>`,
  };
}
