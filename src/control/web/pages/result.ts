// How a request ended, for whoever decided it; others learn only whether it was denied.

import type { Activation } from "../../../protocol/people.js";
import type { DecisionRow } from "../../store/decisions.js";
import { problemNotice, type FormProblem } from "../form.js";
import { html, type Html } from "../html.js";
import type { Page } from "../layout.js";
import { signs } from "../mark.js";
import { sentence } from "../text.js";
import type { Texts } from "../texts/texts.js";
import { fact, mono } from "./asks.js";

interface Ending {
  readonly title: string;
  readonly good: boolean;
  readonly more: string;
  readonly details?: Html;
}

export interface Ended {
  readonly client: "node" | "terminal";
  readonly state: Activation["state"];
  /** The person's own. */
  readonly decision: DecisionRow | undefined;
}

function endingOf({ result: text }: Texts, { client, state, decision }: Ended): Ending {
  const decided = { title: text.decided, good: false, more: text.decidedMore[client] };
  if (state === "denied") return { title: text.denied, good: false, more: text.deniedMore[client] };
  if (decision?.state !== "approved") return decided;
  if (client === "terminal") {
    return { title: text.terminalApproved, good: true, more: text.nextTerminal };
  }
  const { node_id: node, node_name: name, org_id: org, org_name: orgName } = decision;
  if (node === null || name === null || org === null || orgName === null) return decided;
  return {
    title: text.nodeApproved,
    good: true,
    more: text.nextNode,
    details: html`<div class="card">
        <dl class="facts">
          ${fact(
            text.node,
            html`<bdi>${name}</bdi><br>${mono(node)}`,
          )}${fact(text.organization, html`<a href="/orgs/${org}"><bdi>${orgName}</bdi></a><br>${mono(org)}`)}
        </dl>
      </div>
      <div class="card">
        <h2>${text.nextStatus}</h2>
        <pre class="commands">
jitnode status</pre>
      </div>
      <div class="card">
        <h2>${text.nextSignedIn}</h2>
        <pre class="commands">
jitnode login
jitnode org members
jitnode org code</pre>
      </div>`,
  };
}

/** `problem`: what the last attempt to decide was refused for, such as the third wrong number. */
export function resultPage(texts: Texts, ended: Ended, problem?: FormProblem): Page {
  const { result: text } = texts;
  const ending = endingOf(texts, ended);
  return {
    title: ending.title,
    refused: problem?.error,
    main: html`${problem && problemNotice({ ...problem, field: undefined })}
      <div class="card done">
        <span class="seal${ending.good ? "" : " not"}">${ending.good ? signs.yes : signs.no}</span>
        <h1>${ending.title}</h1>
        <p class="lead">${sentence(ending.more)}</p>
      </div>
      ${ending.details}
      <p class="after"><a href="/activate">${text.another}</a> · <a href="/">${text.home}</a></p>`,
  };
}
