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
  /** Whom it was written to, by the platform's id; null where the platform does not say. */
  recipientId: string | null;
  /**
   * Until when whoever did this may be written to because of it; null where it opens no conversation. As the platform
   * counts it for this kind of act: stored, so that nobody has to assume it later.
   */
  windowEndsAt: Date | null;
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

/**
 * `private_reply` and `public_reply` answer a comment; `direct_message` writes into an open conversation.
 */
export const messageKinds = ['private_reply', 'public_reply', 'direct_message'] as const;
export type MessageKind = (typeof messageKinds)[number];

export interface OutgoingMessage {
  kind: MessageKind;
  /** By the platform's id: the comment that is answered, or for a `direct_message` the person that is written to. */
  targetId: string;
  text: string;
}

/** How fast one account may make one kind of call: `burst` at once, then evenly `perHour`. */
export interface Pace {
  perHour: number;
  burst: number;
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
  /**
   * Done. `recipientId`: whom to write to from now on, where the platform says. `restMs`: how long its usage figures
   * ask to leave the account alone from here on, in milliseconds; 0 for not at all.
   */
  | { kind: 'sent'; externalId: string; recipientId: string | null; restMs: number }
  /**
   * Refused for good; nothing was sent by this attempt. `answered`: because the platform already has an answer to the
   * comment, which after an attempt of unknown outcome speaks for that attempt.
   */
  | { kind: 'rejected'; reason: string; detail: string; answered: boolean }
  /** Did not happen and may be tried again. */
  | { kind: 'not_sent'; reason: string; detail: string }
  /** May or may not have happened. */
  | { kind: 'unknown'; reason: string; detail: string }
  /** Too fast for the platform: nothing was sent; wait at least `retryAfterMs` milliseconds. */
  | { kind: 'throttled'; retryAfterMs: number; detail: string }
  /** The account cannot send at all until a person acts; nothing was sent. */
  | { kind: 'account'; reason: 'token_invalid' | 'blocked' | 'not_permitted'; detail: string };

/** A message of which it is not known whether an earlier attempt sent it. */
export interface SoughtMessage extends OutgoingMessage {
  /** When that attempt began. */
  attemptedAt: Date;
  /** The person: by name, and by the id for messages where it is known. */
  contact: { username: string | null; messagingId: string | null };
  /** A later attempt was refused as `answered`. */
  refusedAsAnswered: boolean;
  /**
   * Whose something on the platform is that looks like this message: known to be another message of ours, possibly
   * another's that is in doubt as well, or possible as this one.
   */
  whose(externalId: string): Promise<'anothers' | 'unclear' | 'possible'>;
  /** The comment that it answers stands under a live broadcast. */
  live: boolean;
}

export type LookUpResult =
  /** It was sent. `externalId` is null where that is certain but the message itself could not be named. */
  | { kind: 'found'; externalId: string | null; recipientId: string | null; detail: string }
  /** It is not on the platform. */
  | { kind: 'absent'; detail: string }
  /** The platform answered and that decides nothing; asking again will not help. */
  | { kind: 'unclear'; detail: string }
  /** The platform could not be asked now. `retryAfterMs`: ask again no sooner than that. */
  | { kind: 'unavailable'; retryAfterMs: number; detail: string };

/**
 * What repeating an attempt of unknown outcome can do. `refused_twice`: the platform itself takes at most one, so a
 * repetition is safe. `checkable`: safe once a look-up has said `absent`. `blind`: never safe.
 */
export type Repetition = 'refused_twice' | 'checkable' | 'blind';

/** What became of asking for newer credentials. */
export type Refreshed =
  | { kind: 'refreshed'; credentials: Credentials; expiresAt: Date }
  /** The platform will not renew this credential now, or never. */
  | { kind: 'refused'; detail: string }
  | { kind: 'unavailable'; detail: string };

/** Who a credential belongs to. */
export type Identification =
  | { kind: 'identified'; externalId: string; username: string | null }
  /** The platform refuses the credential. */
  | { kind: 'refused'; detail: string }
  /** The platform could not be asked, or answered nonsense. */
  | { kind: 'unavailable'; detail: string };

/** A post of the account, as the list of its posts shows it. */
export interface Post {
  id: string;
  publishedAt: Date | null;
  /** How many comments stand under it; null where the platform does not say. */
  comments: number | null;
}

/** A comment that was found in a list, where its webhook may never have come. */
export interface ListedComment {
  /** With the `dedupeKey` that its webhook has, and the time it was written. */
  event: CommentEvent & { occurredAt: Date };
  /** Taken out of sight by the account, or by a filter of its. */
  hidden: boolean;
}

/** What became of asking for one page of a list. */
export type Listing<Item> =
  /**
   * `cursor`: where the list goes on, in the adapter's own words; null at its end. `unreadable`: how many entries were
   * left out because they could not be read. `restMs`: how long the platform's usage figures ask to list nothing more.
   */
  | { kind: 'page'; items: Item[]; unreadable: number; cursor: string | null; restMs: number }
  /** The platform will not show this list, or not from this cursor on. */
  | { kind: 'refused'; detail: string }
  /** Too fast: ask again after at least `retryAfterMs` milliseconds. */
  | { kind: 'throttled'; retryAfterMs: number; detail: string }
  /** The platform could not be asked now, or answered nonsense. */
  | { kind: 'unavailable'; detail: string }
  /** The account may list nothing until a person acts. */
  | Extract<SendOutcome, { kind: 'account' }>;

export interface TextLimit {
  max: number;
  unit: 'utf8-bytes' | 'characters';
}

export interface Capabilities {
  /** The longest text of each kind of message. */
  textLimits: Record<MessageKind, TextLimit>;
  /** The longest user name, in characters: what a template's worst case is rendered with. */
  maxUsernameLength: number;
  /** The kinds of call that the platform counts separately, each with the pace that stays below its limit. */
  paces: Readonly<Record<string, Pace>>;
  repetition: Readonly<Record<MessageKind, Repetition>>;
  /**
   * Listing of what was there before: `pace` is the one of `paces` that its calls are counted by, `windowMs` how long
   * after it was written a comment can be answered at the most, in milliseconds.
   */
  listing: { pace: string; windowMs: number };
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
  /**
   * By which of `capabilities.paces` a message is counted.
   * @param live the comment that it answers stands under a live broadcast
   */
  paceOf(kind: MessageKind, live: boolean): string;
  identify(credentials: Credentials): Promise<Identification>;
  /** Never throws: whatever happens on the way is an outcome. Takes at most `sendTimeoutMs`. */
  send(message: OutgoingMessage, account: SendingAccount): Promise<SendOutcome>;
  /** Looks whether a message of unknown outcome was sent. Never throws, sends nothing, takes at most `lookUpTimeoutMs`. */
  lookUp(message: SoughtMessage, account: SendingAccount): Promise<LookUpResult>;
  /** In milliseconds. */
  readonly lookUpTimeoutMs: number;
  /** One page of the account's posts, newest first. Never throws, takes at most `listTimeoutMs`. */
  listPosts(account: SendingAccount, cursor: string | null): Promise<Listing<Post>>;
  /** One page of the comments under a post, replies among them, newest first. Never throws, takes at most `listTimeoutMs`. */
  listComments(
    account: SendingAccount,
    postId: string,
    cursor: string | null,
  ): Promise<Listing<ListedComment>>;
  /** In milliseconds. */
  readonly listTimeoutMs: number;
  /** Asks for newer credentials before these die. Never throws. */
  refresh(credentials: Credentials): Promise<Refreshed>;
  /** The longest a `send` can take, in milliseconds. A claim must outlive it. */
  readonly sendTimeoutMs: number;
  close(): Promise<void>;
}
