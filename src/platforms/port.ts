/**
 * What Fairdrop needs of a platform. An adapter is the only code that knows the platform's wire format; everything
 * behind this port is written in the words of this file.
 */

/** Somebody on the platform, as the webhook names them for this account. */
export interface Author {
  externalId: string;
  username: string | null;
}

interface EventBase {
  /** The platform's id of the account that was told. */
  accountExternalId: string;
  /** Equal for every repetition of the same event, different for every other event of the account. */
  dedupeKey: string;
  /** When it happened, or the nearest time the platform gives; null where it gives none. */
  occurredAt: Date | null;
}

export interface CommentEvent extends EventBase {
  kind: 'comment';
  commentId: string;
  /** The comment that this one replies to; null for a comment on the post itself. */
  parentId: string | null;
  mediaId: string | null;
  /** null where the platform did not say who wrote it. */
  author: Author | null;
  /** Written by the account itself. */
  own: boolean;
  text: string;
  /** Under a live broadcast. */
  live: boolean;
}

/** Things that Fairdrop stores and does not yet act on. */
export const quietEventKinds = [
  'message',
  'echo',
  'message_edit',
  'message_deleted',
  'postback',
  'reaction',
  'read',
  'referral',
  'mention',
  'standby',
] as const;

export interface QuietEvent extends EventBase {
  kind: (typeof quietEventKinds)[number];
  externalId: string | null;
  author: Author | null;
  text: string | null;
  /** The platform's item as it came. */
  payload: unknown;
}

interface StrangeEvent extends EventBase {
  /** For people: what is unknown or wrong. */
  reason: string;
  payload: unknown;
}

/** An item about a subject that no adapter knows. */
export interface UnsupportedEvent extends StrangeEvent {
  kind: 'unsupported';
}

/** An item that cannot be read. */
export interface UnreadableEvent extends StrangeEvent {
  kind: 'unreadable';
}

export type PlatformEvent = CommentEvent | QuietEvent | UnsupportedEvent | UnreadableEvent;

/** `malformed` when the bytes are not even JSON; single bad entries become `unreadable` events instead. */
export type ParsedWebhook = { ok: true; events: PlatformEvent[] } | { ok: false; reason: string };

export type Verification = 'valid' | 'invalid' | 'not_configured';

export type MessageKind = 'private_reply' | 'public_reply';

export interface OutgoingMessage {
  kind: MessageKind;
  /** The comment that is answered, by the platform's id. */
  targetId: string;
  text: string;
}

/** An account's secrets as the adapter needs them, decrypted. */
export interface Credentials {
  accessToken: string;
}

/**
 * What became of a send. The distinction that matters is whether the platform may have acted: only `unknown` leaves
 * that open, and only `unknown` must never be repeated without looking first.
 */
export type SendOutcome =
  /** Done. `recipientId`: whom to write to from now on, where the platform says. */
  | { kind: 'sent'; externalId: string; recipientId: string | null }
  /** Refused for good; nothing was sent. */
  | { kind: 'rejected'; reason: string; detail: string }
  /** Did not happen and may be tried again. */
  | { kind: 'not_sent'; reason: string; detail: string }
  /** May or may not have happened. */
  | { kind: 'unknown'; reason: string; detail: string }
  /** Too fast for the platform: nothing was sent; wait at least `retryAfterMs` milliseconds. */
  | { kind: 'throttled'; retryAfterMs: number; detail: string }
  /** The account cannot send at all until a person acts; nothing was sent. */
  | { kind: 'account'; reason: 'token_invalid' | 'blocked' | 'not_permitted'; detail: string };

/** Who a credential belongs to. */
export type Identification =
  | { kind: 'identified'; externalId: string; username: string | null }
  /** The platform refuses the credential. */
  | { kind: 'refused'; detail: string }
  /** The platform could not be asked, or answered nonsense. */
  | { kind: 'unavailable'; detail: string };

export interface TextLimit {
  max: number;
  unit: 'utf8-bytes' | 'characters';
}

export interface Capabilities {
  /** The longest text of each kind of message. */
  textLimits: Record<MessageKind, TextLimit>;
  /** The longest user name, in characters: what a template's worst case is rendered with. */
  maxUsernameLength: number;
}

export interface SendingAccount {
  externalId: string;
  credentials: Credentials;
}

export interface PlatformAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** The answer to the platform's question whether this webhook is ours; null refuses. */
  handshake(query: Readonly<Record<string, unknown>>): string | null;
  /** Checks the signature over the bytes as they came, in constant time. */
  verify(headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer): Verification;
  /** Never throws. */
  parse(body: Buffer): ParsedWebhook;
  /** Until when a comment may be answered, given when it was written (or received). */
  answerDeadline(comment: CommentEvent, receivedAt: Date): Date;
  identify(credentials: Credentials): Promise<Identification>;
  /** Never throws: whatever happens on the way is an outcome. Takes at most `sendTimeoutMs`. */
  send(message: OutgoingMessage, account: SendingAccount): Promise<SendOutcome>;
  /** The longest a `send` can take, in milliseconds. A claim must outlive it. */
  readonly sendTimeoutMs: number;
  close(): Promise<void>;
}
