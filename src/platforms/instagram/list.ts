/**
 * The account's posts and the comments under them. Facts: "IG Media / Comments", "IG Comment" and "IG User / Media" of
 * developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference, unless a line names another source.
 *
 * - Comments come newest first, at most 50 a page; only those on the post itself, with their replies as a field.
 * - Comments under a live video can be read while the broadcast lasts, those of restricted people and under media with an
 *   age limit not at all, those on ads neither. The list of posts has no stories.
 */

import type { CommentEvent, ListedComment, Listing, Post, SendingAccount } from '../port.ts';
import { isPathSegment, isSendableToken, segment } from './address.ts';
import { describeAnswer, describeError, describeFault, toDetail } from './detail.ts';
import { judge, readGraphError } from './errors.ts';
import { isOwn, readAuthor } from './events.ts';
import type { GraphClient, HttpResult } from './http.ts';
import { isRecord, parseJson } from './json.ts';
import { encodePlace, type Place, readPlace, type Thread } from './place.ts';
import { readPage } from './read.ts';
import { readListingRestMs, readRetryAfterMs } from './throttle.ts';
import { maxKeyLength, readId, readText, readTime } from './values.ts';

const postsPerPage = '50';
const commentsPerPage = '50';
/** Of each comment; where there are more, they are read from the comment itself. */
const repliesPerComment = 10;

/** A comment has up to 2,200 characters, each of which Meta may write as `\uXXXX`: a page of the longest fits. */
const maxBodyBytes = 8 * 1024 * 1024;

const commentFields = 'id,text,timestamp,from,username,user,parent_id,media,hidden';
/** "Field Expansion" of the Graph API: how many of the replies come along. */
const withReplies = `${commentFields},replies.limit(${repliesPerComment}){${commentFields}}`;

export async function listPosts(
  client: GraphClient,
  account: SendingAccount,
  cursor: string | null,
  now: () => Date,
): Promise<Listing<Post>> {
  const query = { fields: 'id,timestamp,comments_count', limit: postsPerPage, after: cursor };
  const read = await readEdge(client, account, '/me/media', query, now);
  if (!read.ok) return read.outcome;
  const posts = read.edge.items.map(readPost);
  return {
    kind: 'page',
    items: posts.filter((post) => post !== null),
    unreadable: posts.filter((post) => post === null).length + read.edge.oddities,
    // A cursor that leads to itself would never end.
    cursor: read.edge.after === cursor ? null : read.edge.after,
    restMs: read.restMs,
  };
}

export async function listComments(
  client: GraphClient,
  account: SendingAccount,
  postId: string,
  cursor: string | null,
  now: () => Date,
): Promise<Listing<ListedComment>> {
  if (!isPathSegment(postId)) return { kind: 'refused', detail: 'This is no id of a post.' };
  const place = readPlace(cursor);
  const [thread] = place.threads;
  const path = thread ? `/${segment(thread.commentId)}/replies` : `/${segment(postId)}/comments`;
  const from = thread ? thread.after : place.after;
  const query = {
    fields: thread ? commentFields : withReplies,
    limit: commentsPerPage,
    after: from,
  };
  const read = await readEdge(client, account, path, query, now);
  if (!read.ok) {
    // A comment that is gone takes its replies along; the rest of the post is still there.
    if (read.outcome.kind !== 'refused' || !thread) return read.outcome;
    return toPage([], 0, { ...place, threads: place.threads.slice(1) }, 0);
  }
  const { edge, restMs } = read;
  const after = edge.after === from ? null : edge.after;
  const found = { items: [] as ListedComment[], threads: [] as Thread[], unreadable: edge.oddities };
  const where = { account, postId, parentId: thread?.commentId ?? null };
  for (const item of edge.items) collect(item, where, found);
  const next: Place = thread
    ? { ...place, threads: [...(after ? [{ ...thread, after }] : []), ...place.threads.slice(1)] }
    : { after, threads: found.threads };
  return toPage(found.items, found.unreadable, next, restMs);
}

function toPage(
  items: ListedComment[],
  unreadable: number,
  next: Place,
  restMs: number,
): Listing<ListedComment> {
  return { kind: 'page', items, unreadable, cursor: encodePlace(next), restMs };
}

interface Where {
  account: SendingAccount;
  postId: string;
  /** The comment whose replies these are; null on the post itself. */
  parentId: string | null;
}

/** A comment and the replies that came with it. */
function collect(
  item: Record<string, unknown>,
  where: Where,
  found: { items: ListedComment[]; threads: Thread[]; unreadable: number },
): void {
  const comment = readListedComment(item, where);
  if (comment) found.items.push(comment);
  else found.unreadable += 1;
  if (item.replies === undefined || where.parentId !== null) return;
  const commentId = readId(item.id);
  if (commentId === null || !isPathSegment(commentId)) return;
  const replies = readPage(item.replies);
  for (const reply of replies.items) collect(reply, { ...where, parentId: commentId }, found);
  if (replies.after !== null) found.threads.push({ commentId, after: replies.after });
}

/** Like the comment of a webhook, but for its time, which here is when it was written. */
export function readListedComment(item: Record<string, unknown>, where: Where): ListedComment | null {
  const { account, postId } = where;
  const commentId = readId(item.id);
  const occurredAt = readTime(item.timestamp);
  if (commentId === null || occurredAt === null) return null;
  const dedupeKey = `comment:${commentId}`;
  if (dedupeKey.length > maxKeyLength) return null;
  if (item.text != null && typeof item.text !== 'string') return null;
  const parentId = readId(item.parent_id) ?? where.parentId;
  const mediaId = (isRecord(item.media) ? readId(item.media.id) : null) ?? postId;
  const from = isRecord(item.from) ? item.from : {};
  const event: CommentEvent & { occurredAt: Date } = {
    kind: 'comment',
    accountExternalId: account.externalId,
    dedupeKey,
    occurredAt,
    commentId,
    parentId: parentId === mediaId ? null : parentId,
    mediaId,
    // `from` has both since October 2021 (changelog, "Oct 20, 2021"); older clients read `username` beside it.
    author: readAuthor({ id: from.id, username: from.username ?? item.username }),
    // `user` is "only returned if the app user created the IG Comment".
    own: item.user != null || isOwn(item.from, account.externalId),
    text: readText(item.text) ?? '',
    live: false,
  };
  return { event, hidden: item.hidden === true };
}

function readPost(item: Record<string, unknown>): Post | null {
  const id = readId(item.id);
  if (id === null || !isPathSegment(id)) return null;
  const count = item.comments_count;
  const comments = typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
  return { id, publishedAt: readTime(item.timestamp), comments };
}

interface Edge {
  items: Record<string, unknown>[];
  /** Entries that are not even objects. */
  oddities: number;
  after: string | null;
}

type EdgeRead =
  | { ok: true; edge: Edge; restMs: number }
  | { ok: false; outcome: Exclude<Listing<never>, { kind: 'page' }> };

async function readEdge(
  client: GraphClient,
  account: SendingAccount,
  path: string,
  query: Record<string, string | null>,
  now: () => Date,
): Promise<EdgeRead> {
  const { accessToken } = account.credentials;
  if (!isSendableToken(accessToken)) {
    const detail = 'The stored token is empty or not a token.';
    return { ok: false, outcome: { kind: 'account', reason: 'token_invalid', detail } };
  }
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, value);
  const address = `${path}?${parameters}`;
  const result = await client.request({ method: 'GET', path: address, accessToken, maxBodyBytes });
  return toEdge(result, accessToken, now());
}

function toEdge(result: HttpResult, accessToken: string, now: Date): EdgeRead {
  const detail = (text: string) => toDetail(text, accessToken);
  const unavailable = (text: string): EdgeRead => ({
    ok: false,
    outcome: { kind: 'unavailable', detail: detail(text) },
  });
  if (result.kind !== 'answered') return unavailable(describeFault(result.error));
  const { status, headers, body } = result;
  const json = parseJson(body);
  const answer = json.ok ? json.value : null;
  const error = readGraphError(answer);
  const throttled = (text: string): EdgeRead => ({
    ok: false,
    outcome: { kind: 'throttled', retryAfterMs: readRetryAfterMs(headers, now), detail: detail(text) },
  });
  if (error === null) {
    if (status === 429) return throttled(describeAnswer(result));
    // Without `data` it is no list, whatever the status says.
    if (status !== 200 || !isRecord(answer) || !Array.isArray(answer.data)) {
      return unavailable(describeAnswer(result));
    }
    const page = readPage(answer);
    const edge = { items: page.items, oddities: answer.data.length - page.items.length, after: page.after };
    return { ok: true, edge, restMs: readListingRestMs(headers) };
  }
  const words = describeError(error);
  if (status >= 500) return unavailable(words);
  const verdict = judge(error, status);
  switch (verdict.kind) {
    case 'throttled':
      return throttled(words);
    case 'account':
      return { ok: false, outcome: { kind: 'account', reason: verdict.reason, detail: detail(words) } };
    case 'rejected':
      return { ok: false, outcome: { kind: 'refused', detail: detail(words) } };
    case 'unknown':
    case 'not_sent':
      return unavailable(words);
    default:
      return verdict satisfies never;
  }
}
