// The shape that every language fills, and which one a page is in.

import { en } from "./en.js";

type Widen<T> = T extends string
  ? string
  : T extends (...parameters: infer P) => string
    ? (...parameters: P) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

export type Texts = Widen<typeof en>;

export const texts: Texts = en;
