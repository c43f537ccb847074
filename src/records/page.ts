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

/**
 * The most rows that are looked at for one page. By a filter that no index knows, a list would otherwise read millions
 * where little fits, and for nothing at all the whole table.
 */
export const maxLookedAt = 5_000;

/** Where looking for one page ends; null where the list ends before. */
export type Edge = { id: string } | null;

/** Finds the edge in the rows that the list has without its filter; null also where there is no filter. */
export async function findEdge(
  page: PageRequest,
  filter: object,
  find: (
    where: ReturnType<typeof below>,
    query: { orderBy: { id: 'desc' }; skip: number; select: { id: true } },
  ) => Promise<Edge>,
): Promise<Edge> {
  if (Object.keys(filter).length === 0) return null;
  return find(below(page), { orderBy: { id: 'desc' }, skip: maxLookedAt - 1, select: { id: true } });
}

/** For `where`: only rows below the cursor, and none beyond the edge. */
export function below(page: PageRequest, edge: Edge = null): { id?: { lt?: string; gte?: string } } {
  const lt = cursorId(page.cursor);
  if (lt === undefined && edge === null) return {};
  return { id: { ...(lt !== undefined && { lt }), ...(edge && { gte: edge.id }) } };
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

/**
 * `toPage` for rows that are ordered by id.
 * @param edge down to where was looked: whatever was found, the list goes on below it
 */
export function toPageById<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
  edge: Edge = null,
): Page<Item> {
  const page = toPage(rows, limit, view, (row) => row.id);
  return page.nextCursor === null && edge ? { ...page, nextCursor: encode(edge.id) } : page;
}
