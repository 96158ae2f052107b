// Asking once more before something that cannot be taken back: what follows from it, and two ways out of equal size.

import { form, hidden, problemNotice, type FormProblem } from "./form.js";
import { attributes, html, type Html } from "./html.js";
import type { Page } from "./layout.js";
import type { PersonVisit } from "./site.js";

export interface Confirmation {
  /** Whose it is. */
  readonly kind?: string;
  readonly title: string;
  readonly lead: string;
  readonly facts?: Html | undefined;
  readonly action: string;
  readonly key?: string;
  readonly submit: string;
  /** What is lost cannot be had back by the same person. */
  readonly grave?: boolean;
  /** Where "cancel" leads. */
  readonly back: string;
  readonly problem?: FormProblem | undefined;
}

export function confirmPage({ texts, token }: PersonVisit, asked: Confirmation): Page {
  const buttons = html`<div class="pair">
    <button${attributes({ class: asked.grave === true && "grave" })}>${asked.submit}</button>
    <a class="button" href="${asked.back}">${texts.cancel}</a>
  </div>`;
  return {
    title: asked.title,
    refused: asked.problem?.error,
    main: html`${asked.kind !== undefined && html`<p class="kind"><bdi>${asked.kind}</bdi></p>`}
      <h1>${asked.title}</h1>
      <p class="lead">${asked.lead}</p>
      ${problemNotice(asked.problem)}
      <div class="card">
        ${asked.facts}
        ${form(asked.action, token, [asked.key !== undefined && hidden({ key: asked.key }), buttons])}
      </div>`,
  };
}
