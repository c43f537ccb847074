/** Instagram behind the port. */

import type { PlatformAdapter } from '../port.ts';
import { capabilities, paceOf } from './capabilities.ts';
import { answerDeadline } from './deadline.ts';
import { createGraphClient } from './http.ts';
import { identifyToken } from './identify.ts';
import { listComments, listPosts } from './list.ts';
import { lookUpMessage } from './look-up.ts';
import { parseWebhook } from './parse.ts';
import { refreshToken } from './refresh.ts';
import { sendMessage } from './send.ts';
import { answerChallenge, signingKeys, verifySignature } from './signature.ts';

export interface InstagramOptions {
  /** Any of them may have signed a webhook; none means that no webhook is accepted. */
  appSecrets: readonly string[];
  /** Undefined refuses every handshake. */
  verifyToken: string | undefined;
  /** With the version and without a trailing slash: `https://graph.instagram.com/v25.0`. */
  graphUrl: string;
  /** From the call of `send`, or of `lookUp`, to its outcome. */
  timeoutMs?: number;
  /** To the Graph API at a time. */
  connections?: number;
  now?: () => Date;
}

export function createInstagramAdapter(options: InstagramOptions): PlatformAdapter {
  const { appSecrets, verifyToken, graphUrl, timeoutMs = 20_000, connections = 512 } = options;
  const { now = () => new Date() } = options;
  const keys = signingKeys(appSecrets);
  const client = createGraphClient({ graphUrl, timeoutMs, connections });
  return {
    name: 'instagram',
    capabilities,
    sendTimeoutMs: timeoutMs,
    lookUpTimeoutMs: timeoutMs,
    handshake: (query) => answerChallenge(verifyToken, query),
    verify: (headers, body) => verifySignature(keys, headers, body),
    parse: parseWebhook,
    answerDeadline,
    paceOf,
    identify: (credentials) => identifyToken(client, credentials),
    send: (message, account) => sendMessage(client, message, account),
    lookUp: (message, account) => lookUpMessage(client, message, account, { timeoutMs, now }),
    listTimeoutMs: timeoutMs,
    listPosts: (account, cursor) => listPosts(client, account, cursor, now),
    listComments: (account, postId, cursor) => listComments(client, account, postId, cursor, now),
    refresh: (credentials) => refreshToken(client, credentials, now),
    close: () => client.close(),
  };
}
