/** Cursor paging: Graph API, "Paginated Results". */
import { type GraphReply, invalidParameter } from './errors.ts';
import { type GraphRequest, text } from './request.ts';

/** Graph's default page size. */
const defaultPage = 25;

export type Page<T> = { ok: true; items: T[]; paging: object } | { ok: false; reply: GraphReply };

const encode = (index: number) => Buffer.from(`at:${index}`).toString('base64url');

function decode(cursor: string): number | undefined {
  const match = /^at:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? Number(match[1]) : undefined;
}

/**
 * A page of `all`, newest first. Cursors are positions in a list that grows at its end, so that what comes in meanwhile
 * neither repeats nor hides an item; in the list of conversations, which move to its end, it may.
 */
export function page<T>(
  all: readonly T[],
  { params, accessToken, baseUrl }: GraphRequest,
  path: string,
  maxPage: number,
  visible: (item: T) => boolean = () => true,
): Page<T> {
  const asked = Number(params.get('limit') ?? defaultPage);
  const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, maxPage) : defaultPage;
  const after = text(params.get('after'));
  const start = after === undefined ? all.length : decode(after);
  if (start === undefined || start > all.length) {
    return { ok: false, reply: invalidParameter('Invalid cursors values') };
  }
  const { items, cursors, more } = take(all, start, limit, visible);
  if (cursors === undefined) return { ok: true, items, paging: {} };
  if (!more) return { ok: true, items, paging: { paging: { cursors } } };
  // The link carries the token, as Meta's does: it must not get into a log.
  const query = new URLSearchParams({ limit: String(limit), after: cursors.after });
  for (const name of ['fields', 'platform', 'user_id']) {
    const value = text(params.get(name));
    if (value !== undefined) query.set(name, value);
  }
  if (accessToken !== undefined) query.set('access_token', accessToken);
  return { ok: true, items, paging: { paging: { cursors, next: `${baseUrl}/${path}?${query}` } } };
}

interface Slice<T> {
  items: T[];
  /** Absent where there is nothing. */
  cursors?: { before: string; after: string };
  more: boolean;
}

function take<T>(all: readonly T[], start: number, limit: number, visible: (item: T) => boolean): Slice<T> {
  const items: T[] = [];
  let first: number | undefined;
  let index = start;
  while (index > 0 && items.length < limit) {
    index -= 1;
    const item = all[index]!;
    if (!visible(item)) continue;
    first ??= index;
    items.push(item);
  }
  if (first === undefined) return { items, more: false };
  const cursors = { before: encode(first), after: encode(index) };
  let older = index - 1;
  while (older >= 0 && !visible(all[older]!)) older -= 1;
  return { items, cursors, more: older >= 0 };
}

/** The first page of a list inside another node's answer. */
export function firstOf<T>(
  all: readonly T[],
  limit: number | undefined,
  maxPage: number,
  visible: (item: T) => boolean,
): Slice<T> {
  const wanted = limit !== undefined && limit > 0 ? Math.min(limit, maxPage) : defaultPage;
  return take(all, all.length, wanted, visible);
}
