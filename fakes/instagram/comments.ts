/** Comment nodes and edges: Instagram Platform reference, "IG Comment", "Replies" and "Comments". */
import {
  done,
  type GraphReply,
  invalidMessage,
  invalidParameter,
  unknownObject,
  unknownPath,
} from './errors.ts';
import { type Resolvers, select, selectInner } from './fields.ts';
import { firstOf, page } from './paging.ts';
import { batchPayload } from './payloads.ts';
import { type GraphRequest, text } from './request.ts';
import type { Graph } from './send.ts';
import type { StoredAccount, StoredComment, StoredMedia } from './stored.ts';
import { graphTime } from './wire.ts';
import { topLevel } from './world.ts';

/** "Comments": at most 50 a page. */
const maxPage = 50;

/** "IG Comment": what stands under a live video can be read while the broadcast lasts. */
const isThere = (comment: StoredComment) => !comment.deleted && (!comment.live || comment.media.broadcasting);

const fields: Resolvers<StoredComment> = {
  id: (comment) => comment.id,
  text: (comment) => comment.text,
  timestamp: (comment) => graphTime(comment.createdAt),
  username: (comment) => comment.user.username,
  // "IG Comment": only returned if the app user created the comment.
  user: (comment) => ('appScopedId' in comment.user ? { id: comment.user.id } : undefined),
  from: (comment) => ({
    id: comment.user.id,
    username: comment.user.username,
    ...('appScopedId' in comment.user ? { self_ig_scoped_id: comment.user.appScopedId } : {}),
  }),
  hidden: (comment) => comment.hidden,
  like_count: () => 0,
  parent_id: (comment) => comment.parentId,
  media: (comment) => ({ id: comment.media.id, media_product_type: comment.media.type }),
  replies: (comment, asked, limit) => {
    const { items, cursors, more } = firstOf(comment.replies ?? [], limit, maxPage, isThere);
    if (cursors === undefined) return undefined;
    const data = items.map((reply) => selectInner(reply, fields, asked, 'timestamp,text,id'));
    // Of a nested list the fake gives no working link, only that there is one.
    return {
      data,
      paging: { cursors, ...(more ? { next: `https://fake.invalid/${comment.id}/replies` } : {}) },
    };
  },
};

export function commentNode(
  account: StoredAccount,
  comment: StoredComment,
  request: GraphRequest,
): GraphReply {
  const { method, params } = request;
  if (comment.deleted || comment.account !== account) return unknownObject(comment.id, method);
  if (method === 'GET') return select(comment, fields, text(params.get('fields')), 'timestamp,text,id');
  if (method === 'DELETE') {
    comment.deleted = true;
    return done({ success: true });
  }
  const hide = String(params.get('hide'));
  if (hide !== 'true' && hide !== 'false') return invalidParameter('The parameter hide is required');
  comment.hidden = hide === 'true';
  return done({ success: true });
}

export function commentReplies(
  graph: Graph,
  account: StoredAccount,
  comment: StoredComment,
  request: GraphRequest,
): GraphReply {
  const { method, params } = request;
  if (comment.deleted || comment.account !== account) return unknownObject(comment.id, method);
  if (method === 'GET') {
    return listing(comment.replies ?? [], request, `${comment.id}/replies`);
  }
  if (method !== 'POST') return unknownPath(`/${comment.id}/replies`);
  const message = text(params.get('message'));
  if (message === undefined) return invalidMessage();
  // "Replies": not on hidden comments and not on live video. The code is not documented.
  if (comment.hidden) return invalidParameter('Cannot reply to a hidden comment');
  if (comment.live) return invalidParameter('Cannot reply to a comment on a live video');
  return publicReply(graph, comment, message);
}

function publicReply({ world, webhooks }: Graph, comment: StoredComment, message: string): GraphReply {
  const { account, media } = comment;
  const keepTexts = world.options.keepTexts !== false;
  const reply = world.addComment({
    account,
    media,
    user: account,
    text: keepTexts ? message : '',
    parentId: topLevel(comment, world.comments).id,
  });
  world.sent.push({
    kind: 'public_reply',
    id: reply.id,
    accountId: account.id,
    commentId: comment.id,
    userId: comment.user.id,
    text: reply.text,
    at: reply.createdAt,
  });
  if (world.options.sendEchoes !== false) {
    // Instagram Platform, "Self Messaging": the account's own comments are announced like everybody's.
    setImmediate(() => void webhooks.send(batchPayload([reply], world.now())));
  }
  return done({ id: reply.id });
}

export function mediaComments(media: StoredMedia, request: GraphRequest): GraphReply {
  if (request.method !== 'GET') return unknownPath(`/${media.id}/comments`);
  return listing(media.comments, request, `${media.id}/comments`);
}

/** Newest first, as since Graph API v3.2. */
function listing(comments: readonly StoredComment[], request: GraphRequest, path: string): GraphReply {
  const asked = text(request.params.get('fields'));
  const slice = page(comments, request, path, maxPage, isThere);
  if (!slice.ok) return slice.reply;
  const data: object[] = [];
  for (const comment of slice.items) {
    const node = select(comment, fields, asked, 'timestamp,text,id');
    if (!node.ok) return node;
    data.push(node.body);
  }
  return done({ data, ...slice.paging });
}
