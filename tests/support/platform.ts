import type {
  CommentEvent,
  OutgoingMessage,
  PlatformAdapter,
  SendOutcome,
} from '../../src/platforms/port.ts';

/**
 * A platform at the end of the port, for tests of what lies before it: it reads nothing and sends nothing, and answers
 * each send as it is told.
 */
export function scriptedPlatform(
  answer: (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>,
): PlatformAdapter & { asked: OutgoingMessage[] } {
  const asked: OutgoingMessage[] = [];
  return {
    name: 'instagram',
    asked,
    capabilities: {
      textLimits: {
        private_reply: { max: 1_000, unit: 'utf8-bytes' },
        public_reply: { max: 300, unit: 'characters' },
      },
      maxUsernameLength: 30,
    },
    sendTimeoutMs: 1_000,
    handshake: () => null,
    verify: () => 'invalid',
    parse: () => ({ ok: false, reason: 'this platform reads nothing' }),
    answerDeadline: (_comment, receivedAt) => new Date(receivedAt.getTime() + 7 * 24 * 60 * 60_000),
    identify: async () => ({ kind: 'unavailable', detail: 'this platform knows nobody' }),
    async send(message) {
      asked.push(message);
      return answer(message);
    },
    close: async () => {},
  };
}

let comments = 0;

export function aComment(accountExternalId: string, given: Partial<CommentEvent> = {}): CommentEvent {
  comments += 1;
  const commentId = given.commentId ?? `17900000000${comments}`;
  return {
    kind: 'comment',
    accountExternalId,
    dedupeKey: `comment:${commentId}`,
    occurredAt: new Date(),
    commentId,
    parentId: null,
    mediaId: '18000000000000001',
    author: { externalId: `526${comments}`, username: `reader${comments}` },
    own: false,
    text: 'GUIDE please',
    live: false,
    ...given,
  };
}
