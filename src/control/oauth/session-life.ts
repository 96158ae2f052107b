// How long a terminal's session lives: 90 days at most, 30 without use; one that was opened for an activation, an hour.

import type { PeopleScope } from "../../protocol/versions.js";
import type { SessionRow } from "../store/sessions.js";

const hour = 60 * 60_000;
const day = 24 * hour;

export const sessionIdle = 30 * day;
const longest: Readonly<Record<PeopleScope, number>> = { people: 90 * day, activate: hour };

export const sessionExpiry = (scope: PeopleScope, openedAt: number): number => openedAt + longest[scope];

/** When it ends or has ended; 0 for a revoked one. */
export const sessionEnd = (session: Pick<SessionRow, "revoked_at" | "expires_at" | "last_used_at">): number =>
  session.revoked_at !== null ? 0 : Math.min(session.expires_at, session.last_used_at + sessionIdle);
