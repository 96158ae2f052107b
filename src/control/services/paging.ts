// Pages of lists: one row more than asked for tells whether there is another page.

export interface PageInput {
  readonly after: string | undefined;
  readonly limit: number;
}

export interface Page<T> {
  items: T[];
  next?: string;
}

/** What a person looks for in a list that is ordered by name. `text` as typed; undefined: everything. */
export interface SearchInput {
  readonly text: string | undefined;
  readonly skip: number;
  readonly limit: number;
}

export interface Found<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/** `rows` were read with `limit + 1`. */
export const toFound = <Row, T>(rows: readonly Row[], limit: number, convert: (row: Row) => T): Found<T> => ({
  items: rows.slice(0, limit).map(convert),
  more: rows.length > limit,
});

/** `rows` were read with `limit + 1`. */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  convert: (row: Row) => T,
  cursor: (row: Row) => string,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(convert);
  return rows.length > limit && last !== undefined ? { items, next: cursor(last) } : { items };
}
