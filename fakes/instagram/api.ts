/** What a test, the demo or a benchmark can do with the fake in process. */
import type {
  CommentEnvelope,
  DeliverOptions,
  DeliveryResult,
  FakeAccount,
  FakeComment,
  FakeMedia,
  FakeRefusal,
  FakeSend,
  FakeUser,
  Fault,
  FaultFilter,
  MediaType,
  NewComment,
} from './types.ts';

export interface NewAccount {
  username: string;
  id?: string;
  accessToken?: string;
  /** A token can be refreshed a day after it was issued, and lives 60 days. Default: now. */
  tokenIssuedAt?: Date;
}

export interface UserAction {
  account: FakeAccount;
  user: FakeUser;
  /** Whether a webhook tells of it. Default true. */
  announce?: boolean;
}

export interface UserMessage extends UserAction {
  text: string;
  /** The payload of the quick reply that was tapped. */
  quickReply?: string;
  /** The story of the account that this answers. */
  story?: { id: string; url: string };
  /** The Click-to-Direct ad that led here: the window stays open for 7 days. */
  adId?: string;
}

export interface ButtonTap extends UserAction {
  title: string;
  payload: string;
}

export interface WebhookCounts {
  /** POSTs, repetitions included. */
  attempts: number;
  /** Answered 200. */
  acknowledged: number;
  /** Deliveries that are still to be answered 200. */
  pending: number;
}

/**
 * `comment`, `batch`, `redeliver`, `userSends` and `tap` resolve when the first attempt of their webhook was answered;
 * without a 200 it is tried again in the background, with the same bytes. `settled` waits for all of that.
 */
export interface FakeInstagram {
  /** With the version, without a slash at its end: what `INSTAGRAM_GRAPH_URL` wants. */
  readonly graphUrl: string;
  webhookUrl: string | undefined;
  readonly accounts: readonly FakeAccount[];

  addAccount(input: NewAccount): FakeAccount;
  addMedia(account: FakeAccount, input: { type: MediaType }): FakeMedia;
  addUser(input: { username: string; name?: string }): FakeUser;

  comment(input: NewComment): Promise<FakeComment>;
  /** Tells of a comment (again): another delivery with its own time, as Meta repeats itself. */
  redeliver(comment: FakeComment): Promise<DeliveryResult | undefined>;
  /** One POST with an entry per account and a change per comment, in the order given, repetitions included. */
  batch(comments: readonly FakeComment[]): Promise<DeliveryResult | undefined>;
  /** The author deletes it. */
  deleteComment(comment: FakeComment): void;
  hideComment(comment: FakeComment): void;
  endBroadcast(media: FakeMedia): void;

  /** A message of a person: opens the window (24 hours, after an ad 7 days) and gives consent. */
  userSends(message: UserMessage): Promise<{ mid: string }>;
  /** A tap on a postback button: opens the window for 24 hours too. */
  tap(tap: ButtonTap): Promise<{ mid: string }>;
  /** What messaging calls this person: `recipient_id` of a private reply, `sender.id` of a message. */
  messagingIdOf(account: FakeAccount, user: FakeUser): string;
  setFollows(account: FakeAccount, user: FakeUser, follows: boolean): void;
  /** From now on this person cannot be reached from the account. */
  blockUser(account: FakeAccount, user: FakeUser, blocked?: boolean): void;

  /** Posts any payload as Meta would; no retries. */
  deliver(payload: object, options?: DeliverOptions): Promise<DeliveryResult[]>;
  /** Posts any bytes, signed. */
  deliverRaw(bytes: string | Buffer, options?: DeliverOptions): Promise<DeliveryResult[]>;
  /** The same bytes as the last POST. */
  repeatLast(): Promise<DeliveryResult>;
  /** The body that a comment is told with, for `deliver`. */
  commentPayload(comment: FakeComment, envelope?: CommentEnvelope): object;
  /** The body that the App Dashboard's "Test" button sends. */
  dashboardTestPayload(field: 'comments' | 'live_comments'): object;
  /** Asks the webhook for the challenge; true when it comes back raw. */
  handshake(options?: { verifyToken?: string }): Promise<boolean>;
  settled(): Promise<void>;
  readonly webhookCounts: WebhookCounts;

  /** What took effect, in order. */
  readonly sent: readonly FakeSend[];
  /** What was refused, scripted refusals included; resets and timeouts are not among them. */
  readonly refusals: readonly FakeRefusal[];
  /** Graph requests of any kind. */
  readonly requests: number;
  /** Forgets `sent`, `refusals` and `requests`; comments stay answered. */
  forgetTraffic(): void;

  failNext(fault: Fault, filter?: FaultFilter): void;
  readonly pendingFaults: number;
  clearFaults(): void;

  /** Kills the account's tokens. 463, the default: expired; 460: password changed; 458: app removed. */
  expireToken(account: FakeAccount, subcode?: number): void;
  /** As after a new login; the account's older tokens stay as they are. */
  issueToken(account: FakeAccount, options?: { shortLived?: boolean }): string;

  close(): Promise<void>;
}
