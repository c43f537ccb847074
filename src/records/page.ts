import { Problem } from '../problem.ts';

export interface PageRequest {
  /** How many at most. */
  limit: number;
  /** What a page before said in `nextCursor`. */
  cursor?: string | undefined;
}

export interface Page<Item> {
  data: Item[];
  /** null on the last page. */
  nextCursor: string | null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const versionNumber = /^[1-9][0-9]{0,8}$/;

/**
 * Where a list goes on: below the last row that was seen, so that rows added meanwhile shift nothing. Callers see it
 * as opaque.
 * @throws Problem when it is no cursor of ours
 */
export function cursorId(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decode(cursor, uuid);
}

/** The same for a list that is ordered by version. */
export function cursorVersion(cursor: string | undefined): number | undefined {
  return cursor === undefined ? undefined : Number(decode(cursor, versionNumber));
}

function decode(cursor: string, pattern: RegExp): string {
  const position = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!pattern.test(position) || encode(position) !== cursor) {
    throw new Problem(
      400,
      'cursor_invalid',
      'This cursor is not one that the list gave out. Use nextCursor of the page before, or leave it out to start over.',
      { field: 'cursor' },
    );
  }
  return position;
}

function encode(position: string): string {
  return Buffer.from(position, 'latin1').toString('base64url');
}

/** For `where`: only rows below the cursor. */
export function below(page: PageRequest): { id?: { lt: string } } {
  const id = cursorId(page.cursor);
  return id === undefined ? {} : { id: { lt: id } };
}

/** How to read a page: one row more than asked tells whether another page follows. */
export function newestFirst(page: PageRequest): { orderBy: { id: 'desc' }; take: number } {
  return { orderBy: { id: 'desc' }, take: page.limit + 1 };
}

/**
 * @param rows up to `limit + 1` of them
 * @param position what the next page starts below
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
  position: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(view),
    nextCursor: rows.length > limit && last !== undefined ? encode(position(last)) : null,
  };
}

/** `toPage` for rows that are ordered by id. */
export function toPageById<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
): Page<Item> {
  return toPage(rows, limit, view, (row) => row.id);
}
