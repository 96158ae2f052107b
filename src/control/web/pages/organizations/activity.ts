// What happened in an organization, in words: its audit entries, newest first. From where somebody acted is for
// administrators.

import type { FastifyInstance } from "fastify";
import type { ActivityEntry } from "../../../services/activity.js";
import type { Page } from "../../../services/paging.js";
import { html, type Html } from "../../html.js";
import { coming, empty } from "../../lists.js";
import type { Site } from "../../site.js";
import { phrase } from "../../text.js";
import type { Texts } from "../../texts/texts.js";
import { moment } from "../../times.js";
import { inside, insidePage, type Inside } from "./inside.js";

const shown = 30;

export function activityPage(app: FastifyInstance, site: Site): void {
  app.get(
    "/orgs/:org/activity",
    inside(site, async (at) => {
      const { after } = at.query;
      const cursor = typeof after === "string" && after.length <= 64 ? after : undefined;
      const entries = await site.activity.list(at.visit.actor, at.organization.id, { after: cursor, limit: shown });
      return insidePage(at, { tab: "activity", main: list(at, cursor, entries) });
    }),
  );
}

function list(
  { texts, path, isAdministrator }: Inside,
  cursor: string | undefined,
  { items, next }: Page<ActivityEntry>,
) {
  const { lists, activity: text, organization } = texts;
  return html`<section class="card" id="activity" data-live aria-label="${organization.tabs.activity}">
      ${
        items.length === 0
          ? empty(text.none, text.noneHint)
          : html`<ol class="events">
              ${items.map(
                (entry) =>
                  html`<li>
                    <p>${sentenceOf(texts, entry)}</p>
                    <p class="hint">
                      ${moment(texts, entry.at)}${
                        isAdministrator &&
                        entry.address !== "" &&
                        html` · ${text.from} <span class="mono">${entry.address}</span>`
                      }
                    </p>
                  </li>`,
              )}
            </ol>`
      }
    </section>
    ${coming(
      "pager",
      (cursor !== undefined || next !== undefined) &&
        html`<nav class="pager" aria-label="${lists.pages}">
          ${cursor === undefined ? html`<span></span>` : html`<a href="${path}/activity">${text.newest}</a>`}
          ${next === undefined ? html`<span></span>` : html`<a rel="next" href="${path}/activity?after=${next}">${text.older}</a>`}
        </nav>`,
    )}`;
}

/** Which sentence says it: some actions read differently by what came with them. */
function kindOf({ action, by, subject, detail }: ActivityEntry): string {
  if (action === "org.code_refreshed" && detail["because"] === "member.removed") return "org.code_refreshed.removal";
  if (action === "member.removed" && by?.id === subject.id) return "member.left";
  if (action === "node.unbound" && detail["by"] === "operator") return "node.unbound.operator";
  return action;
}

function sentenceOf({ activity: text, you, them }: Texts, entry: ActivityEntry): Html {
  const kinds: Readonly<Record<string, string>> = text.kinds;
  const { by, subject } = entry;
  const kind = kindOf(entry);
  const named = (name: string): Html => html`<strong><bdi>${name}</bdi></strong>`;
  const places = {
    by: by === undefined ? text.operator : named(by.you ? you : by.name),
    subject: named(subject.you ? them : (subject.name ?? subject.id)),
  };
  const words = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return words === undefined ? html`<span class="mono">${entry.action}</span> · ${places.by}` : phrase(words, places);
}
