// Form bodies, for the OAuth endpoints and the pages: UTF-8, at most 100 fields, none of them twice
// (RFC 6749 sections 3.1 and 3.2), an empty value being an absent one.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";

const fieldLimit = 100;

/** Lets `app` (an encapsulated part of the server) take application/x-www-form-urlencoded and nothing else. */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: unknown, body: string) => parseForm(body),
  );
}

export function parseForm(body: string): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (fields.has(name)) {
      throw new JitnodeError("invalid_request", { message: "A parameter of the form was sent more than once." });
    }
    if (fields.size >= fieldLimit)
      throw new JitnodeError("invalid_request", { message: "The form has too many fields." });
    fields.set(name, value);
  }
  for (const [name, value] of fields) if (value === "") fields.delete(name);
  return Object.fromEntries(fields);
}
