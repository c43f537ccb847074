/** Everything the fake knows: accounts, media, people, comments, conversations and tokens. No HTTP in here. */

import type { NewAccount } from './api.ts';
import { conversationId, messageId, newAccessToken, sequence } from './ids.ts';
import { SlidingWindow } from './limits.ts';
import {
  hourMs,
  longLivedTokenMs,
  type StoredAccount,
  type StoredComment,
  type StoredMedia,
  type StoredMessage,
  shortLivedTokenMs,
  type Thread,
  type Token,
} from './stored.ts';
import type {
  FakeAccount,
  FakeComment,
  FakeInstagramOptions,
  FakeMedia,
  FakeRefusal,
  FakeSend,
  FakeUser,
  MediaType,
  NewComment,
} from './types.ts';

export class World {
  readonly options: FakeInstagramOptions;
  readonly accounts = new Map<string, StoredAccount>();
  readonly users = new Map<string, FakeUser>();
  readonly media = new Map<string, StoredMedia>();
  readonly comments = new Map<string, StoredComment>();
  readonly tokens = new Map<string, Token>();
  readonly threadsByMessagingId = new Map<string, Thread>();
  readonly threadsById = new Map<string, Thread>();
  readonly messages = new Map<string, StoredMessage>();
  sent: FakeSend[] = [];
  refusals: FakeRefusal[] = [];
  requests = 0;
  readonly now: () => Date;
  readonly #accountId = sequence('17841');
  readonly #appScopedId = sequence('24');
  readonly #mediaId = sequence('180');
  readonly #commentId = sequence('179');
  readonly #userId = sequence('52');
  readonly #messagingId = sequence('61');

  constructor(options: FakeInstagramOptions) {
    this.options = options;
    this.now = options.now ?? (() => new Date());
  }

  addAccount(input: NewAccount): StoredAccount {
    const { options } = this;
    const account: StoredAccount = {
      id: input.id ?? this.#accountId(),
      appScopedId: this.#appScopedId(),
      username: input.username,
      accessToken: '',
      subscribedFields: new Set(),
      media: [],
      threads: new Map(),
      limits: {
        privateReplies: new SlidingWindow(options.privateRepliesPerHour ?? 750, hourMs),
        livePrivateReplies: new SlidingWindow(options.livePrivateRepliesPerSecond ?? 100, 1000),
        dms: new SlidingWindow(options.dmsPerSecond ?? 300, 1000),
        conversationReads: new SlidingWindow(options.conversationReadsPerSecond ?? 2, 1000),
      },
    };
    this.accounts.set(account.id, account);
    const issuedAt = input.tokenIssuedAt ?? this.now();
    this.issueToken(account, { token: input.accessToken, issuedAtMs: issuedAt.getTime() });
    return account;
  }

  issueToken(
    account: FakeAccount,
    options: { token?: string | undefined; issuedAtMs?: number; shortLived?: boolean } = {},
  ): string {
    const stored = this.account(account);
    const token = options.token ?? newAccessToken();
    const issuedAtMs = options.issuedAtMs ?? this.now().getTime();
    const shortLived = options.shortLived ?? false;
    this.tokens.set(token, {
      account: stored,
      issuedAtMs,
      expiresAtMs: issuedAtMs + (shortLived ? shortLivedTokenMs : longLivedTokenMs),
      shortLived,
      deadSubcode: undefined,
    });
    stored.accessToken = token;
    return token;
  }

  /** Kills every token of the account. 463 is an expired one; other subcodes are other deaths. */
  killTokens(account: FakeAccount, subcode: number): void {
    const nowMs = this.now().getTime();
    for (const token of this.tokens.values()) {
      if (token.account.id !== account.id) continue;
      if (subcode === 463) token.expiresAtMs = Math.min(token.expiresAtMs, nowMs);
      else token.deadSubcode = subcode;
    }
  }

  addMedia(account: FakeAccount, input: { type: MediaType }): StoredMedia {
    const stored = this.account(account);
    const media: StoredMedia = {
      id: this.#mediaId(),
      account: stored,
      type: input.type,
      createdAt: this.now(),
      broadcasting: false,
      comments: [],
    };
    stored.media.push(media);
    this.media.set(media.id, media);
    return media;
  }

  addUser(input: { username: string; name?: string }): FakeUser {
    const user = { id: this.#userId(), username: input.username, name: input.name ?? input.username };
    this.users.set(user.id, user);
    return user;
  }

  addComment(input: NewComment): StoredComment {
    const account = this.account(input.account);
    if ('appScopedId' in input.user && input.user.id !== account.id) {
      throw new Error('an account comments only on its own media; use addUser for other people');
    }
    const media = input.media
      ? this.mediaOf(input.media)
      : (account.media[0] ?? this.addMedia(account, { type: 'FEED' }));
    if (media.account !== account) throw new Error(`media ${media.id} is not of account ${account.id}`);
    const live = input.live ?? false;
    if (live) media.broadcasting = true;
    const comment: StoredComment = {
      id: this.#commentId(),
      account,
      media,
      user: input.user,
      text: input.text,
      parentId: input.parentId,
      createdAt: input.createdAt ?? this.now(),
      live,
      hidden: false,
      deleted: false,
      envelope: input.envelope ?? 'changes',
      privatelyReplied: false,
      replies: undefined,
    };
    this.comments.set(comment.id, comment);
    const parent = input.parentId === undefined ? undefined : this.comments.get(input.parentId);
    if (parent) {
      const top = topLevel(parent, this.comments);
      top.replies ??= [];
      top.replies.push(comment);
    } else {
      media.comments.push(comment);
    }
    return comment;
  }

  thread(account: StoredAccount, user: FakeUser): Thread {
    let thread = account.threads.get(user.id);
    if (!thread) {
      const messagingId = this.#messagingId();
      thread = {
        id: conversationId(account.id, messagingId),
        account,
        user,
        messagingId,
        lastUserActionMs: undefined,
        openUntilMs: undefined,
        consent: false,
        blocked: false,
        follows: false,
        messages: [],
      };
      account.threads.set(user.id, thread);
      this.threadsByMessagingId.set(messagingId, thread);
      this.threadsById.set(thread.id, thread);
    }
    return thread;
  }

  addMessage(thread: Thread, fromAccount: boolean, text: string): StoredMessage {
    const kept = this.options.keepTexts === false ? '' : text;
    const id = messageId(thread.account.id, thread.messagingId);
    const message = { id, thread, fromAccount, text: kept, at: this.now() };
    thread.messages.push(message);
    // To the end: a Map keeps its order, and conversations are listed by their latest message.
    thread.account.threads.delete(thread.user.id);
    thread.account.threads.set(thread.user.id, thread);
    this.messages.set(id, message);
    return message;
  }

  account(account: FakeAccount): StoredAccount {
    return known(this.accounts.get(account.id), 'account', account.id);
  }

  mediaOf(media: FakeMedia): StoredMedia {
    return known(this.media.get(media.id), 'media', media.id);
  }

  commentOf(comment: FakeComment): StoredComment {
    return known(this.comments.get(comment.id), 'comment', comment.id);
  }
}

/** Replies hang on the top-level comment, however deep they were written (Instagram Platform, "Comment Replies"). */
export function topLevel(comment: StoredComment, comments: Map<string, StoredComment>): StoredComment {
  const parent = comment.parentId === undefined ? undefined : comments.get(comment.parentId);
  return parent ? topLevel(parent, comments) : comment;
}

function known<T>(thing: T | undefined, what: string, id: string): T {
  if (thing === undefined) throw new Error(`this fake has no ${what} ${id}`);
  return thing;
}
