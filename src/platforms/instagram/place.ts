/** Where the listing of a post's comments goes on: in the comments on the post, or first in the replies to some of them. */

import { isRecord, parseJson } from './json.ts';
import { readId } from './values.ts';

/** A comment with more replies than came along with it. */
export interface Thread {
  commentId: string;
  after: string;
}

export interface Place {
  /** The cursor into the comments on the post; null at their beginning, and beside `threads` at their end. */
  after: string | null;
  /** Read before the list goes on. */
  threads: Thread[];
}

const beginning: Place = { after: null, threads: [] };

/** @returns null where nothing is left */
export function encodePlace({ after, threads }: Place): string | null {
  return after === null && threads.length === 0 ? null : JSON.stringify({ after, threads });
}

/** What is not of our making begins at the beginning: comments that come twice are known. */
export function readPlace(cursor: string | null): Place {
  const json = cursor === null ? null : parseJson(Buffer.from(cursor));
  if (!json?.ok || !isRecord(json.value) || !Array.isArray(json.value.threads)) return beginning;
  const threads = json.value.threads.filter(isRecord).flatMap(({ commentId, after }) => {
    const thread = { commentId: readId(commentId), after: readId(after) };
    return thread.commentId !== null && thread.after !== null ? [thread as Thread] : [];
  });
  return { after: readId(json.value.after), threads };
}
