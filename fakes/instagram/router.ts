/** Which request it is, and who answers it. */
import { commentNode, commentReplies, mediaComments } from './comments.ts';
import { type GraphReply, unknownObject, unknownPath } from './errors.ts';
import type { RequestFacts } from './faults.ts';
import {
  accountMedia,
  accountNode,
  conversationMessages,
  conversationNode,
  conversations,
  mediaNode,
  messageNode,
  profile,
  subscribedApps,
} from './reads.ts';
import { type GraphRequest, objectParam, text } from './request.ts';
import { type Graph, sendMessage } from './send.ts';
import type { StoredAccount } from './stored.ts';
import { authenticate, exchangeToken, refreshToken } from './tokens.ts';
import type { World } from './world.ts';

/** What scripted faults and the record of refusals go by. Nothing is checked here. */
export function describe(world: World, { method, path, params, accessToken }: GraphRequest): RequestFacts {
  const accountId = accessToken === undefined ? undefined : world.tokens.get(accessToken)?.account.id;
  const [node, edge] = path;
  const facts = (kind: RequestFacts['kind'], commentId?: string): RequestFacts => ({
    kind,
    accountId,
    commentId,
  });
  switch (edge) {
    case 'messages': {
      if (method !== 'POST') return facts('conversation');
      const commentId = text(objectParam(params.get('recipient'))?.comment_id);
      return commentId === undefined ? facts('dm') : facts('private_reply', commentId);
    }
    case 'replies':
      return facts(method === 'POST' ? 'public_reply' : 'comment', node);
    case 'comments':
      return facts('comment');
    case 'conversations':
      return facts('conversation');
    case 'media':
    case 'subscribed_apps':
      return facts('account');
    case undefined:
      break;
    default:
      return facts('other');
  }
  if (node === undefined) return facts('other');
  if (node === 'access_token' || node === 'refresh_access_token') return facts('token');
  if (node === 'me' || world.accounts.has(node)) return facts('account');
  if (world.comments.has(node)) return facts('comment', node);
  if (world.threadsById.has(node) || world.messages.has(node)) return facts('conversation');
  if (world.threadsByMessagingId.has(node) || world.users.has(node)) return facts('profile');
  return facts('other');
}

export function answer(graph: Graph, request: GraphRequest): GraphReply {
  const { world } = graph;
  const { path, method } = request;
  const [node, edge] = path;
  if (node === undefined || path.length > 2) return unknownPath(`/${path.slice(1).join('/')}`);
  const auth = authenticate(world, request.accessToken);
  if (!auth.ok) return auth.reply;
  if (edge === undefined && method === 'GET') {
    if (node === 'access_token') return exchangeToken(world, auth.token, request);
    if (node === 'refresh_access_token') return refreshToken(world, auth.token, request);
  }
  const { account } = auth.token;
  if (node === 'me' || node === account.id) return onAccount(graph, account, edge, request);
  return onObject(graph, account, node, edge, request);
}

function onAccount(
  graph: Graph,
  account: StoredAccount,
  edge: string | undefined,
  request: GraphRequest,
): GraphReply {
  const { method } = request;
  if (edge === undefined && method === 'GET') return accountNode(account, request);
  if (edge === 'messages' && method === 'POST') return sendMessage(graph, account, request);
  if (edge === 'conversations' && method === 'GET') return conversations(graph.world, account, request);
  if (edge === 'media' && method === 'GET') return accountMedia(account, request);
  if (edge === 'subscribed_apps') return subscribedApps(account, request);
  return edge === undefined ? unknownObject(account.id, method) : unknownPath(`/${edge}`);
}

/** A token sees the objects of its own account; everything else does not exist for it. */
function onObject(
  graph: Graph,
  account: StoredAccount,
  id: string,
  edge: string | undefined,
  request: GraphRequest,
): GraphReply {
  const { world } = graph;
  const { method } = request;
  const comment = world.comments.get(id);
  if (comment) {
    if (edge === undefined) return commentNode(account, comment, request);
    return edge === 'replies' ? commentReplies(graph, account, comment, request) : unknownPath(`/${edge}`);
  }
  const media = world.media.get(id);
  if (media?.account === account) {
    if (edge === 'comments') return mediaComments(media, request);
    return edge === undefined && method === 'GET' ? mediaNode(media, request) : unknownPath(`/${edge ?? ''}`);
  }
  if (method !== 'GET') return unknownObject(id, method);
  const thread = world.threadsById.get(id);
  if (thread) {
    if (edge === undefined) return conversationNode(account, thread, request);
    return edge === 'messages' ? conversationMessages(account, thread, request) : unknownPath(`/${edge}`);
  }
  if (edge !== undefined) return unknownObject(id, method);
  const message = world.messages.get(id);
  if (message) return messageNode(account, message, request);
  const user = world.users.get(id);
  const known = user ? world.thread(account, user) : world.threadsByMessagingId.get(id);
  return known?.account === account ? profile(known, request) : unknownObject(id, method);
}
