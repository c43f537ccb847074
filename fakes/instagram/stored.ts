/** How the fake keeps its things, and for how long Instagram lets them live. */
import type { SlidingWindow } from './limits.ts';
import type { FakeAccount, FakeComment, FakeMedia, FakeUser } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;
export const hourMs = 60 * 60 * 1000;
/** Instagram Platform, "Private Replies": 7 days from the creation of the comment. */
export const privateReplyWindowMs = 7 * dayMs;
/** Messenger Platform policy, "Standard messaging window", for most actions of a person. */
export const messagingWindowMs = dayMs;
/** The same policy: a first message after a Click-to-Direct ad. */
export const adWindowMs = 7 * dayMs;
/** The same policy: the HUMAN_AGENT tag. */
export const humanAgentWindowMs = 7 * dayMs;
/** Instagram Platform reference, "Access Token": 60 days, and 1 hour before the exchange. */
export const longLivedTokenMs = 60 * dayMs;
export const shortLivedTokenMs = hourMs;
/** Instagram Platform reference, "Refresh Access Token". */
export const refreshableAfterMs = dayMs;

export interface StoredAccount extends FakeAccount {
  accessToken: string;
  readonly subscribedFields: Set<string>;
  readonly media: StoredMedia[];
  /** By the id of the person, least recently active first. */
  readonly threads: Map<string, Thread>;
  readonly limits: {
    privateReplies: SlidingWindow;
    livePrivateReplies: SlidingWindow;
    dms: SlidingWindow;
    conversationReads: SlidingWindow;
  };
}

export interface StoredMedia extends FakeMedia {
  readonly account: StoredAccount;
  readonly createdAt: Date;
  broadcasting: boolean;
  /** Top-level comments, oldest first. */
  readonly comments: StoredComment[];
}

export interface StoredComment extends FakeComment {
  readonly account: StoredAccount;
  readonly media: StoredMedia;
  hidden: boolean;
  deleted: boolean;
  /** Whether its single private reply is gone. */
  privatelyReplied: boolean;
  replies: StoredComment[] | undefined;
}

/** What one account and one person have to do with each other. */
export interface Thread {
  readonly id: string;
  readonly account: StoredAccount;
  readonly user: FakeUser;
  /** What messaging calls this person. Deliberately not `user.id`: Meta does not promise that they are equal. */
  readonly messagingId: string;
  lastUserActionMs: number | undefined;
  /** Until when the account may write without a tag. */
  openUntilMs: number | undefined;
  consent: boolean;
  blocked: boolean;
  follows: boolean;
  readonly messages: StoredMessage[];
}

export interface StoredMessage {
  readonly id: string;
  readonly thread: Thread;
  readonly fromAccount: boolean;
  readonly text: string;
  readonly at: Date;
}

export interface Token {
  readonly account: StoredAccount;
  readonly issuedAtMs: number;
  expiresAtMs: number;
  readonly shortLived: boolean;
  /** Why it no longer works although its time is not up: 460 password changed, 458 app removed… */
  deadSubcode: number | undefined;
}
