import type { ListedComment, Post } from '../platforms/port.ts';

/** Where a walk through an account's posts is. Pure: each step gives the next position. */
export interface Position {
  /** Posts that are still to be read, the first of them under way. */
  posts: string[];
  /** Where in the first of them; null at its beginning. */
  cursor: string | null;
  /** Whether the first of them was begun anew because its cursor was refused. */
  begunAnew: boolean;
  /** Whether the list of posts goes on; false where the posts were named. */
  listing: boolean;
  listCursor: string | null;
  /** How many posts the list gave so far. */
  listed: number;
}

export function startOf(mediaIds: readonly string[]): Position {
  return {
    posts: [...mediaIds],
    cursor: null,
    begunAnew: false,
    listing: mediaIds.length === 0,
    listCursor: null,
    listed: 0,
  };
}

export type Call =
  | { kind: 'comments'; postId: string; cursor: string | null }
  | { kind: 'posts'; cursor: string | null };

/** @returns what to ask the platform next; null at the end */
export function nextCall({ posts, cursor, listing, listCursor }: Position): Call | null {
  const [postId] = posts;
  if (postId !== undefined) return { kind: 'comments', postId, cursor };
  return listing ? { kind: 'posts', cursor: listCursor } : null;
}

/** @param latestPosts how many posts are read at the most */
export function afterPosts(
  at: Position,
  page: { items: readonly Post[]; cursor: string | null },
  latestPosts: number,
): Position {
  const wanted = page.items.slice(0, latestPosts - at.listed);
  const listed = at.listed + wanted.length;
  return {
    ...at,
    posts: [...at.posts, ...wanted.filter(({ comments }) => comments !== 0).map(({ id }) => id)],
    listing: page.cursor !== null && listed < latestPosts,
    listCursor: page.cursor,
    listed,
  };
}

/** The newest come first: where a whole page is too old, so is what follows. One old comment may be pinned to the top. */
export function afterComments(
  at: Position,
  page: { items: readonly ListedComment[]; cursor: string | null },
  since: Date,
): Position {
  const tooOld = page.items.length > 0 && page.items.every(({ event }) => event.occurredAt < since);
  return page.cursor === null || tooOld ? nextPost(at) : { ...at, cursor: page.cursor };
}

/** @returns null where nothing can be read at all */
export function afterRefusal(at: Position): { position: Position; skippedPost: boolean } | null {
  if (at.posts.length > 0) {
    // A cursor does not live for ever; comments that come twice are known.
    if (at.cursor !== null && !at.begunAnew) {
      return { position: { ...at, cursor: null, begunAnew: true }, skippedPost: false };
    }
    return { position: nextPost(at), skippedPost: true };
  }
  return at.listCursor === null ? null : { position: { ...at, listing: false }, skippedPost: false };
}

function nextPost(at: Position): Position {
  return { ...at, posts: at.posts.slice(1), cursor: null, begunAnew: false };
}
