/** Instagram behind the port. */

import type { Capabilities, PlatformAdapter } from '../port.ts';
import { answerDeadline } from './deadline.ts';
import { createGraphClient } from './http.ts';
import { identifyToken } from './identify.ts';
import { parseWebhook } from './parse.ts';
import { sendMessage } from './send.ts';
import { answerChallenge, verifySignature } from './signature.ts';

export interface InstagramOptions {
  /** Any of them may have signed a webhook; none means that no webhook is accepted. */
  appSecrets: readonly string[];
  /** Undefined refuses every handshake. */
  verifyToken: string | undefined;
  /** With the version and without a trailing slash: `https://graph.instagram.com/v25.0`. */
  graphUrl: string;
  /** From the call of `send` to its outcome. */
  timeoutMs?: number;
  /** To the Graph API at a time. */
  connections?: number;
}

const capabilities: Capabilities = {
  textLimits: {
    // Bytes, not characters: messaging API page of developers.facebook.com/docs/instagram-platform.
    private_reply: { max: 1000, unit: 'utf8-bytes' },
    // The only documented figure is the retired Instagram API's rule for comments; today's pages give none.
    public_reply: { max: 300, unit: 'characters' },
  },
  maxUsernameLength: 30,
};

export function createInstagramAdapter(options: InstagramOptions): PlatformAdapter {
  const { appSecrets, verifyToken, graphUrl, timeoutMs = 20_000, connections = 64 } = options;
  const client = createGraphClient({ graphUrl, timeoutMs, connections });
  return {
    name: 'instagram',
    capabilities,
    sendTimeoutMs: timeoutMs,
    handshake: (query) => answerChallenge(verifyToken, query),
    verify: (headers, body) => verifySignature(appSecrets, headers, body),
    parse: parseWebhook,
    answerDeadline,
    identify: (credentials) => identifyToken(client, credentials),
    send: (message, account) => sendMessage(client, message, account),
    close: () => client.close(),
  };
}
