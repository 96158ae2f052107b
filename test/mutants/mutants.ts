// The broken variants, as data: one small change to the source each, that the property and crash tests must notice.
// `find` must stand in the file exactly once, so that a mutant dies loudly when the code around it changes.

export type Change = { readonly file: string; readonly find: string; readonly replace: string };

export type Mutant = {
  readonly name: string;
  /** Which promise it breaks. */
  readonly breaks: string;
  readonly changes: readonly Change[];
};

export const mutants: readonly Mutant[] = [];
