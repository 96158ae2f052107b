// What is shown instead of a page: what happened and what to do, in the same look.

import type { JitnodeError } from "../../../protocol/errors.js";
import { adviceOf } from "../form.js";
import { html } from "../html.js";
import type { Page } from "../layout.js";
import { signs } from "../mark.js";
import { sentence } from "../text.js";
import { texts } from "../texts/texts.js";

export function errorPage(error: JitnodeError, back: { readonly href: string; readonly text: string } = home): Page {
  return {
    title: error.message,
    refused: error,
    main: html`<div class="card done">
        <span class="seal not">${signs.attention}</span>
        <h1>${sentence(error.message)}</h1>
        <p class="lead">${sentence(adviceOf(error))}</p>
        <p><a class="button" href="${back.href}">${back.text}</a></p>
      </div>
      <p class="after">${texts.error.status(error.status)} · <span class="mono">${error.code}</span></p>`,
  };
}

const home = { href: "/", text: texts.error.back } as const;
