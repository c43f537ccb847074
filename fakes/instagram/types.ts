/** What the outside of the fake sees: its options, the people and things in it, and what it recorded. */

export interface FakeInstagramOptions {
  /** Signs the webhooks, and is the `client_secret` of a token exchange. */
  appSecret: string;
  /** Asked back in the webhook handshake. */
  verifyToken?: string;
  /** Where webhooks are posted; none are posted without it. Can be set later. */
  webhookUrl?: string;
  /** 0, the default, picks a free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** The clock of everything that Instagram counts in hours or days: windows, ages, tokens, the hourly limit. */
  now?: () => Date;
  /** Default 750. `Infinity` switches the limit off. */
  privateRepliesPerHour?: number;
  /** What an exhausted hourly limit is called; Meta documents both. Default 80002. */
  throttleCode?: 613 | 80002;
  /** Calls per second and account of the real clock: private replies to live comments. Default 100. */
  livePrivateRepliesPerSecond?: number;
  /** Calls per second and account of the real clock: messages into an open window. Default 300. */
  dmsPerSecond?: number;
  /** Calls per second and account of the real clock: conversations. Default 2. */
  conversationReadsPerSecond?: number;
  /** Whether a send comes back as a webhook (echo of a message, own comment of a public reply). Default true. */
  sendEchoes?: boolean;
  /** Whether a refused private reply spends the comment's single reply; practitioners disagree. Default false. */
  rejectedReplyBurnsIt?: boolean;
  /** Whether a tap on a button counts as consent to read the profile; Meta does not say. Default true. */
  tapGivesConsent?: boolean;
  /** Added before every answer, in milliseconds of the real clock. Default 0. */
  latencyMs?: number;
  /** false drops the texts of sends, for long benchmarks. Default true. */
  keepTexts?: boolean;
  /** Serves `/_fake/…`, with which another process can make comments and look at what was sent. Default false. */
  control?: boolean;
  /** How long a webhook may take to be answered, in milliseconds. Default 5000. */
  webhookTimeoutMs?: number;
  /** Wait before retry `attempt` (1, 2, …) of a webhook. Default: at once, then 100 ms doubling up to 5 s. */
  webhookRetryDelayMs?: (attempt: number) => number;
}

export type MediaType = 'FEED' | 'REELS' | 'STORY' | 'AD';

export interface FakeAccount {
  /** The professional account's id: `entry.id` of webhooks, `user_id` of `/me`. */
  readonly id: string;
  /** `id` of `/me`: another number. Webhooks carry it only as `from.self_ig_scoped_id` of own comments (assumed). */
  readonly appScopedId: string;
  readonly username: string;
  /** The newest token. */
  readonly accessToken: string;
  /** What `POST /me/subscribed_apps` asked for. Recorded, not enforced: webhooks are posted without it too. */
  readonly subscribedFields: ReadonlySet<string>;
}

export interface FakeMedia {
  readonly id: string;
  readonly account: FakeAccount;
  readonly type: MediaType;
  /** A live broadcast is running on it. */
  readonly broadcasting: boolean;
}

export interface FakeUser {
  /** The Instagram-scoped id that comments carry in `from.id`. */
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

/** The shapes in which comment webhooks are documented or were captured. */
export type CommentEnvelope = 'changes' | 'flat' | 'array' | 'comment_id';

export interface FakeComment {
  readonly id: string;
  readonly account: FakeAccount;
  readonly media: FakeMedia;
  /** The account itself for its own comments. */
  readonly user: FakeUser | FakeAccount;
  readonly text: string;
  readonly parentId: string | undefined;
  readonly createdAt: Date;
  readonly live: boolean;
  readonly hidden: boolean;
  readonly deleted: boolean;
  readonly envelope: CommentEnvelope;
}

export interface NewComment {
  account: FakeAccount;
  /** Default: the first media of the account; a FEED one is made where there is none. */
  media?: FakeMedia;
  /** Pass the account for a comment of its own. */
  user: FakeUser | FakeAccount;
  text: string;
  parentId?: string;
  createdAt?: Date;
  /** Under a live broadcast, which this starts on its media. */
  live?: boolean;
  /** Whether a webhook tells of it. Default true. */
  announce?: boolean;
  envelope?: CommentEnvelope;
}

export type SendKind = 'private_reply' | 'public_reply' | 'dm';
export type RequestKind = SendKind | 'comment' | 'conversation' | 'profile' | 'account' | 'token' | 'other';

export interface FakeSend {
  readonly kind: SendKind;
  /** The message id, or the id of the comment that a public reply became. */
  readonly id: string;
  readonly accountId: string;
  /** The comment answered; absent for a DM. */
  readonly commentId?: string;
  /** The messaging id of the person; absent for a public reply. */
  readonly recipientId?: string;
  /** The id of the person as `addUser` gave it; the account's own id where it answered itself. */
  readonly userId: string;
  /** The text, or the text of the button template. Empty with `keepTexts: false`. */
  readonly text: string;
  readonly at: Date;
  /** The `message` as it came, where it is more than a text. */
  readonly message?: unknown;
}

export interface FakeRefusal {
  readonly kind: RequestKind;
  readonly status: number;
  readonly code: number;
  readonly subcode?: number;
  readonly message: string;
  readonly accountId?: string;
  readonly commentId?: string;
  readonly at: Date;
}

export type Fault =
  /** Refused with this error; nothing happens. `status` defaults to what fits the code. */
  | { type: 'error'; code: number; subcode?: number; status?: number; message?: string }
  /** Takes effect; the connection is held open without an answer, then cut. */
  | { type: 'accept_then_timeout'; holdMs: number }
  /** Takes effect; the connection is reset instead of an answer. */
  | { type: 'accept_then_reset' }
  /** Takes effect; the answer is an HTTP 500 with error 2. */
  | { type: 'accept_then_500' }
  /** The connection is reset; nothing happens. */
  | { type: 'reset_before_accept' }
  /** Waits before it does anything, and does it even if the caller has hung up by then. */
  | { type: 'slow'; ms: number }
  /** A 200 that is not JSON. It took effect unless `accepted: false`. */
  | { type: 'garbage'; accepted?: boolean }
  /** Refused with 80002 and the time to regain access in the usage header. Only this one call is refused. */
  | { type: 'throttle'; minutes: number };

export interface FaultFilter {
  /** Any request when absent. */
  kind?: RequestKind;
  account?: FakeAccount;
  comment?: FakeComment;
  /** How many requests it hits. Default 1; `Infinity` until `clearFaults()`. */
  times?: number;
  /** The part of the matching requests that it hits, at random: 0.1 for one in ten. Default: each. */
  rate?: number;
}

export interface DeliverOptions {
  /** Writes `/` as `\/`, as some deliveries do. */
  escapeSlashes?: boolean;
  /** The same bytes several times. Default 1. */
  times?: number;
  /** All at once instead of one after the other. */
  concurrent?: boolean;
  /**
   * `unescaped` signs the plain UTF-8 form, which differs from the body only where the body has something to escape;
   * `wrong` uses another secret; `none` sends no signature.
   */
  signWith?: 'escaped' | 'unescaped' | 'wrong' | 'none';
}

/** `status` 0: no answer, and `body` says why. */
export interface DeliveryResult {
  status: number;
  body: string;
}
