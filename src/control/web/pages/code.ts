// Entering the code of a request, or confirming the one that a link filled in.

import { field, form, problemNotice, type FormProblem } from "../form.js";
import { html } from "../html.js";
import type { Page } from "../layout.js";
import type { Texts } from "../texts/texts.js";

export function codePage({ code: text }: Texts, token: string, typed: string | undefined, problem?: FormProblem): Page {
  const filled = typed !== undefined && typed !== "" && problem === undefined;
  const title = filled ? text.filledTitle : text.title;
  return {
    title,
    refused: problem?.error,
    main: html`<h1>${title}</h1>
      <p class="lead">${filled ? text.filledLead : text.lead}</p>
      ${problemNotice(problem)}
      <div class="card">
        ${form("/activate", token, [
          field(
            { name: "code", label: text.label, hint: text.hint, value: typed, look: "typed big", autofocus: !filled },
            problem,
          ),
          html`<button>${text.submit}</button>`,
        ])}
      </div>`,
  };
}
