/**
 * A fake Instagram (the Instagram Login flavour: graph.instagram.com) that refuses what Instagram refuses, announces
 * what Instagram announces, and remembers what the world saw. Over HTTP for the code under test, in process for the
 * test that plays the people.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ButtonTap, FakeInstagram, NewAccount, UserAction, UserMessage } from './api.ts';
import { Faults } from './faults.ts';
import {
  adReferral,
  batchPayload,
  commentPayload,
  dashboardTestPayload,
  messagePayload,
  postbackPayload,
} from './payloads.ts';
import { createGraphServer } from './server.ts';
import { adWindowMs, messagingWindowMs, type StoredMessage, type Thread } from './stored.ts';
import type {
  CommentEnvelope,
  DeliverOptions,
  FakeAccount,
  FakeComment,
  FakeInstagramOptions,
  FakeMedia,
  FakeUser,
  Fault,
  FaultFilter,
  MediaType,
  NewComment,
} from './types.ts';
import { Webhooks } from './webhooks.ts';
import { World } from './world.ts';

export type * from './api.ts';
export type * from './types.ts';

/** Graph API changelog: v25.0 lives until July 2028. Every other `/vNN.N` is served too. */
const graphVersion = 'v25.0';
/** Instagram Platform, "Webhooks": at most 1000 updates in one POST. */
const maxUpdatesPerPost = 1000;

export async function startFakeInstagram(options: FakeInstagramOptions): Promise<FakeInstagram> {
  const fake = new Instagram(options);
  await fake.listen();
  return fake;
}

class Instagram implements FakeInstagram {
  graphUrl = '';
  readonly #options: FakeInstagramOptions;
  readonly #world: World;
  readonly #webhooks: Webhooks;
  readonly #faults = new Faults();
  readonly #server: Server;

  constructor(options: FakeInstagramOptions) {
    this.#options = options;
    this.#world = new World(options);
    this.#webhooks = new Webhooks(options);
    this.#server = createGraphServer({
      graph: { world: this.#world, webhooks: this.#webhooks },
      faults: this.#faults,
      control: options.control ? { fake: this, world: this.#world } : undefined,
    });
  }

  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options;
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address() as AddressInfo;
    this.graphUrl = `http://${host}:${address.port}/${graphVersion}`;
  }

  get webhookUrl() {
    return this.#webhooks.url;
  }

  set webhookUrl(url: string | undefined) {
    this.#webhooks.url = url;
  }

  get accounts() {
    return Array.from(this.#world.accounts.values());
  }

  get sent() {
    return this.#world.sent;
  }

  get refusals() {
    return this.#world.refusals;
  }

  get requests() {
    return this.#world.requests;
  }

  get webhookCounts() {
    const { attempts, acknowledged, pending } = this.#webhooks;
    return { attempts, acknowledged, pending };
  }

  get pendingFaults() {
    return this.#faults.pending;
  }

  addAccount(input: NewAccount) {
    return this.#world.addAccount(input);
  }

  addMedia(account: FakeAccount, input: { type: MediaType }) {
    return this.#world.addMedia(account, input);
  }

  addUser(input: { username: string; name?: string }) {
    return this.#world.addUser(input);
  }

  async comment(input: NewComment) {
    const comment = this.#world.addComment(input);
    if (input.announce !== false) await this.redeliver(comment);
    return comment;
  }

  async redeliver(comment: FakeComment) {
    return this.#webhooks.send(commentPayload(comment, this.#world.now()));
  }

  async batch(comments: readonly FakeComment[]) {
    if (comments.length > maxUpdatesPerPost) {
      throw new RangeError(`Meta puts at most ${maxUpdatesPerPost} updates into one POST`);
    }
    return this.#webhooks.send(batchPayload(comments, this.#world.now()));
  }

  deleteComment(comment: FakeComment) {
    this.#world.commentOf(comment).deleted = true;
  }

  hideComment(comment: FakeComment) {
    this.#world.commentOf(comment).hidden = true;
  }

  endBroadcast(media: FakeMedia) {
    this.#world.mediaOf(media).broadcasting = false;
  }

  async userSends(input: UserMessage) {
    const { quickReply, story, adId } = input;
    const windowMs = adId === undefined ? messagingWindowMs : adWindowMs;
    const message = this.#userActs(input, input.text, { consent: true, windowMs });
    const extra = {
      ...(quickReply === undefined ? {} : { quick_reply: { payload: quickReply } }),
      ...(story === undefined ? {} : { reply_to: { story } }),
      ...(adId === undefined ? {} : { referral: adReferral(adId) }),
    };
    if (input.announce !== false) {
      await this.#webhooks.send(messagePayload(message, input.text, this.#world.now(), extra));
    }
    return { mid: message.id };
  }

  async tap(input: ButtonTap) {
    const { title, payload } = input;
    const consent = this.#options.tapGivesConsent !== false;
    const message = this.#userActs(input, title, { consent, windowMs: messagingWindowMs });
    if (input.announce !== false) {
      await this.#webhooks.send(postbackPayload(message, { title, payload }, this.#world.now()));
    }
    return { mid: message.id };
  }

  messagingIdOf(account: FakeAccount, user: FakeUser) {
    return this.#thread(account, user).messagingId;
  }

  setFollows(account: FakeAccount, user: FakeUser, follows: boolean) {
    this.#thread(account, user).follows = follows;
  }

  blockUser(account: FakeAccount, user: FakeUser, blocked = true) {
    this.#thread(account, user).blocked = blocked;
  }

  deliver(payload: object, options?: DeliverOptions) {
    return this.#webhooks.deliver(payload, options);
  }

  deliverRaw(bytes: string | Buffer, options?: DeliverOptions) {
    return this.#webhooks.deliverRaw(bytes, options);
  }

  repeatLast() {
    return this.#webhooks.repeatLast();
  }

  commentPayload(comment: FakeComment, envelope?: CommentEnvelope) {
    return commentPayload(comment, this.#world.now(), envelope);
  }

  dashboardTestPayload(field: 'comments' | 'live_comments') {
    return dashboardTestPayload(field, this.#world.now());
  }

  async handshake(options: { verifyToken?: string } = {}) {
    const challenge = String(randomInt(1e9, 1e10));
    const query = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.challenge': challenge,
      'hub.verify_token': options.verifyToken ?? this.#options.verifyToken ?? '',
    });
    const answer = await this.#webhooks.get(query);
    return answer.status === 200 && answer.body === challenge;
  }

  settled() {
    return this.#webhooks.settled();
  }

  forgetTraffic() {
    this.#world.sent = [];
    this.#world.refusals = [];
    this.#world.requests = 0;
  }

  failNext(fault: Fault, filter?: FaultFilter) {
    this.#faults.add(fault, filter);
  }

  clearFaults() {
    this.#faults.clear();
  }

  expireToken(account: FakeAccount, subcode = 463) {
    this.#world.killTokens(account, subcode);
  }

  issueToken(account: FakeAccount, options?: { shortLived?: boolean }) {
    return this.#world.issueToken(account, options);
  }

  async close() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all([closed, this.#webhooks.close()]);
  }

  #thread(account: FakeAccount, user: FakeUser): Thread {
    return this.#world.thread(this.#world.account(account), user);
  }

  #userActs(
    { account, user }: UserAction,
    text: string,
    { consent, windowMs }: { consent: boolean; windowMs: number },
  ): StoredMessage {
    const thread = this.#thread(account, user);
    const nowMs = this.#world.now().getTime();
    thread.lastUserActionMs = nowMs;
    // A later message does not shorten the window that one after an ad has opened.
    thread.openUntilMs = Math.max(thread.openUntilMs ?? 0, nowMs + windowMs);
    thread.consent ||= consent;
    return this.#world.addMessage(thread, false, text);
  }
}
