// The shape that every language fills, and the languages there are. Another one is a file beside these and a line here.

import type { ErrorCode } from "../../../protocol/errors.js";
import type { en } from "./en.js";

type Widen<T> = T extends string
  ? string
  : T extends (...parameters: infer P) => string
    ? (...parameters: P) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

/** What differs from the registry of errors; what is left out is said in the registry's English. */
export type ErrorTexts = Readonly<Partial<Record<ErrorCode, { readonly message?: string; readonly hint?: string }>>>;

/**
 * What a service says of one occurrence, in the registry's English, and how this language says it. `"…"` stands for what
 * is in quotation marks, in the same order.
 */
export type Sentences = Readonly<Record<string, string>>;

export type Texts = Widen<Omit<typeof en, "errors" | "sentences">> & {
  readonly errors: ErrorTexts;
  readonly sentences: Sentences;
};
