import type {
  CommentEvent,
  LookUpResult,
  OutgoingMessage,
  PlatformAdapter,
  SendOutcome,
  SoughtMessage,
} from '../../src/platforms/port.ts';

/** So wide that no test waits for it. */
const noPace = { perHour: 3_600_000, burst: 1_000_000 };

/**
 * A platform at the end of the port, for tests of what lies before it: it reads nothing and sends nothing, and answers
 * each send and each look-up as it is told.
 */
export function scriptedPlatform(
  answer: (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>,
  found: (message: SoughtMessage) => LookUpResult | Promise<LookUpResult> = () => ({
    kind: 'unclear',
    detail: 'this platform has no memory',
  }),
): PlatformAdapter & { asked: OutgoingMessage[]; sought: SoughtMessage[] } {
  const asked: OutgoingMessage[] = [];
  const sought: SoughtMessage[] = [];
  return {
    name: 'instagram',
    asked,
    sought,
    capabilities: {
      textLimits: {
        private_reply: { max: 1_000, unit: 'utf8-bytes' },
        public_reply: { max: 300, unit: 'characters' },
        direct_message: { max: 1_000, unit: 'utf8-bytes' },
      },
      maxUsernameLength: 30,
      paces: { private_reply: noPace, public_reply: noPace, direct_message: noPace, listing: noPace },
      repetition: {
        private_reply: 'refused_twice',
        public_reply: 'checkable',
        direct_message: 'checkable',
      },
      listing: { pace: 'listing', windowMs: 7 * 24 * 60 * 60_000 },
    },
    listTimeoutMs: 1_000,
    listPosts: async () => ({ kind: 'refused', detail: 'this platform lists nothing' }),
    listComments: async () => ({ kind: 'refused', detail: 'this platform lists nothing' }),
    sendTimeoutMs: 1_000,
    lookUpTimeoutMs: 1_000,
    handshake: () => null,
    verify: () => 'invalid',
    parse: () => ({ ok: false, reason: 'this platform reads nothing' }),
    answerDeadline: (_comment, receivedAt) => new Date(receivedAt.getTime() + 7 * 24 * 60 * 60_000),
    paceOf: (kind) => kind,
    identify: async () => ({ kind: 'unavailable', detail: 'this platform knows nobody' }),
    async send(message) {
      asked.push(message);
      return answer(message);
    },
    async lookUp(message) {
      sought.push(message);
      return found(message);
    },
    refresh: async () => ({ kind: 'refused', detail: 'this platform renews nothing' }),
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
