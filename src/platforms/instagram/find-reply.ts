/** Is a public reply under its comment? */

import type { LookUpResult, SendingAccount, SoughtMessage } from '../port.ts';
import { segment } from './address.ts';
import { isRecord } from './json.ts';
import { type Read, type Reader, readPage } from './read.ts';
import { earliestTrace, isSameText, pickOwn, untilSettledMs } from './traces.ts';
import { readId, readText, readTime } from './values.ts';

type Item = Record<string, unknown>;
type NotRead = Extract<Read, { ok: false }>;

/** "Comments" and "Replies" of the Instagram Platform's reference: at most 50 a page. */
const pageSize = '50';
const maxPages = 6;
/** A comment, the one above it, and one more for what nobody has documented. */
const maxDepth = 3;

export async function findPublicReply(
  reader: Reader,
  sought: SoughtMessage,
  account: SendingAccount,
  now: Date,
): Promise<LookUpResult> {
  const replies = await readReplies(reader, sought.targetId);
  if (!replies.ok) return replies.result;
  const traces = replies.items.filter((item) => isTrace(item, sought));
  const own = traces.map((item) =>
    readTime(item.timestamp) !== null && isOwn(item, account) ? readId(item.id) : null,
  );
  const { externalId, unclear } = await pickOwn(own, sought);
  if (externalId !== null) {
    return { kind: 'found', externalId, recipientId: null, detail: 'The reply is under the comment.' };
  }
  if (unclear) {
    const detail = 'Under the comment is this text, and it is not certain that it is this reply.';
    return { kind: 'unclear', detail };
  }
  const retryAfterMs = untilSettledMs(sought, now);
  if (retryAfterMs > 0) {
    return { kind: 'unavailable', retryAfterMs, detail: 'The reply is not under the comment, or not yet.' };
  }
  return replies.whole
    ? { kind: 'absent', detail: 'The reply is not under the comment.' }
    : { kind: 'unclear', detail: 'The comment has more replies than a look-up reads.' };
}

/**
 * "Replies to a reply will be added to the top-level comment" (…/reference/ig-comment/replies): that one's are read, and
 * those of the comment itself for the case that Instagram lists them there.
 */
async function readReplies(
  reader: Reader,
  commentId: string,
): Promise<{ ok: true; items: Item[]; whole: boolean } | NotRead> {
  let topId = commentId;
  for (let depth = 1; depth <= maxDepth; depth += 1) {
    const comment = await reader.get(`/${segment(topId)}`, { fields: 'id,parent_id,media' });
    if (!comment.ok) return comment;
    const parentId = readId(comment.value.parent_id);
    const mediaId = isRecord(comment.value.media) ? readId(comment.value.media.id) : null;
    // A comment on the post itself can name the post as its parent.
    if (parentId === null || parentId === mediaId) break;
    topId = parentId;
  }
  const below = await readPages(reader, topId);
  if (!below.ok || topId === commentId) return below;
  const inner = await readPages(reader, commentId);
  if (inner.ok)
    return { ok: true, items: [...below.items, ...inner.items], whole: below.whole && inner.whole };
  return inner.refused ? below : inner;
}

async function readPages(
  reader: Reader,
  commentId: string,
): Promise<{ ok: true; items: Item[]; whole: boolean } | NotRead> {
  const items: Item[] = [];
  let after: string | null = null;
  for (let page = 1; page <= maxPages; page += 1) {
    const fields = 'id,text,from,user,timestamp';
    const read = await reader.get(`/${segment(commentId)}/replies`, { fields, limit: pageSize, after });
    if (!read.ok) return read;
    const found = readPage(read.value);
    items.push(...found.items);
    after = found.after;
    if (after === null) return { ok: true, items, whole: !found.more };
  }
  return { ok: true, items, whole: false };
}

function isTrace(item: Item, sought: SoughtMessage): boolean {
  const at = readTime(item.timestamp)?.getTime() ?? Number.POSITIVE_INFINITY;
  return at >= earliestTrace(sought) && isSameText(readText(item.text) ?? '', sought.text);
}

/**
 * `user` is "only returned if the app user created the IG Comment" (…/reference/ig-comment). `from` names the account by
 * its id, or marks it with `self_ig_scoped_id` as webhooks do.
 */
function isOwn({ user, from }: Item, account: SendingAccount): boolean {
  if (user != null) return true;
  return isRecord(from) && (from.self_ig_scoped_id != null || readId(from.id) === account.externalId);
}
