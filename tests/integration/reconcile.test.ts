import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeAccount, FakeUser, Fault, RequestKind } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const minuteMs = 60_000;
const fairdrop = useVirtualFairdrop({ sendTimeoutMs: 1_500 });
let account: FakeAccount;
let users = 0;

beforeEach(async () => {
  account = await fairdrop.openStudio({
    dmTemplates: [{ text: '{{ resource.url }}' }],
    publicReplies: [{ text: 'Sent!' }],
    frequency: 'unlimited',
  });
  fairdrop.instagram.clearFaults();
  fairdrop.instagram.forgetTraffic();
  fairdrop.lookUps.length = 0;
});

async function ask(user?: FakeUser) {
  const asking = user ?? fairdrop.instagram.addUser({ username: `doubtful${users++}` });
  const comment = await fairdrop.instagram.comment({ account, user: asking, text: 'guide' });
  return { user: asking, comment };
}

function failNext(fault: Fault, kind: RequestKind, times = 1) {
  fairdrop.instagram.failNext(fault, { account, kind, times });
}

async function messages(targetId: string) {
  return fairdrop.query(
    `select kind, state, reason, external_id, look_ups, attempts, look_up_at is null as "restsWithPerson",
            (select array_agg(l.kind order by l.id) from ledger_entries l where l.message_id = m.id) as ledger
     from messages m where target_id = $1 order by kind`,
    [targetId],
  );
}

const sentTo = (commentId: string, kind = 'private_reply') =>
  fairdrop.instagram.sent.filter((sent) => sent.kind === kind && sent.commentId === commentId);

const faults: Fault[] = [
  { type: 'accept_then_reset' },
  { type: 'accept_then_500' },
  { type: 'accept_then_timeout', holdMs: 1_800 },
  { type: 'garbage', accepted: true },
];

describe('a private reply that arrived although its answer was lost', () => {
  it.each(faults)('is found, counts as sent, and was sent once: $type', async (fault) => {
    failNext(fault, 'private_reply');
    const { comment } = await ask();
    await fairdrop.round();
    expect(await messages(comment.id)).toMatchObject([
      { state: 'unconfirmed', restsWithPerson: false },
      { state: 'held' },
    ]);
    await fairdrop.run(5 * minuteMs, minuteMs / 2);
    const [privateReply, publicReply] = await messages(comment.id);
    expect(privateReply).toMatchObject({ state: 'sent' });
    // Instagram was asked by repeating it, and refused: the comment has its answer.
    expect(privateReply?.ledger).toEqual([
      'message.unconfirmed',
      'message.repeated',
      'message.unconfirmed',
      'message.sent',
      'resource.given',
    ]);
    expect(publicReply).toMatchObject({ state: 'sent' });
    expect(sentTo(comment.id)).toHaveLength(1);
  });

  it('is known from its echo, without a question, where the person’s id for messages is known', async () => {
    const { user } = await ask();
    await fairdrop.round();
    failNext({ type: 'accept_then_reset' }, 'private_reply');
    const { comment } = await ask(user);
    await fairdrop.round();
    await fairdrop.instagram.settled();
    fairdrop.lookUps.length = 0;
    const requests = fairdrop.instagram.requests;
    await fairdrop.run(minuteMs, minuteMs / 2);
    expect(fairdrop.lookUps[0]).toMatchObject({
      result: 'found',
      detail: 'the platform told of it by webhook',
    });
    expect((await messages(comment.id))[0]).toMatchObject({ state: 'sent' });
    // The public reply that was released, and nothing else.
    expect(fairdrop.instagram.requests - requests).toBe(1);
  });
});

describe('a private reply that did not arrive', () => {
  it('goes out again, once it was looked for', async () => {
    failNext({ type: 'reset_before_accept' }, 'private_reply');
    const { comment } = await ask();
    await fairdrop.round();
    expect((await messages(comment.id))[0]).toMatchObject({ state: 'unconfirmed' });
    await fairdrop.run(5 * minuteMs, minuteMs / 2);
    const [privateReply] = await messages(comment.id);
    expect(privateReply).toMatchObject({ state: 'sent', attempts: 2 });
    expect(privateReply?.ledger).toEqual([
      'message.unconfirmed',
      'message.repeated',
      'message.sent',
      'resource.given',
    ]);
    expect(sentTo(comment.id)).toHaveLength(1);
  });

  it('is repeated where it cannot be looked for, and Instagram’s refusal of a second speaks for the first', async () => {
    // Looking for it never works; the repetition is refused, and then the comment is still there.
    failNext({ type: 'error', code: 10, message: 'no permission for conversations' }, 'conversation', 100);
    failNext({ type: 'accept_then_reset' }, 'private_reply');
    const { comment } = await ask();
    await fairdrop.run(30 * minuteMs, minuteMs);
    const [privateReply] = await messages(comment.id);
    expect(privateReply).toMatchObject({ state: 'sent', external_id: null });
    expect(sentTo(comment.id)).toHaveLength(1);
    expect(fairdrop.instagram.refusals.filter(({ kind }) => kind === 'private_reply')).toHaveLength(1);
  });
});

describe('a public reply of unknown outcome', () => {
  it.each(faults)('that was posted is found under the comment: $type', async (fault) => {
    failNext(fault, 'public_reply');
    const { comment } = await ask();
    await fairdrop.run(10 * minuteMs, minuteMs);
    expect((await messages(comment.id))[1]).toMatchObject({ kind: 'public_reply', state: 'sent' });
    expect(sentTo(comment.id, 'public_reply')).toHaveLength(1);
  });

  it('that was not posted is posted', async () => {
    failNext({ type: 'reset_before_accept' }, 'public_reply');
    const { comment } = await ask();
    await fairdrop.run(10 * minuteMs, minuteMs);
    expect((await messages(comment.id))[1]).toMatchObject({
      kind: 'public_reply',
      state: 'sent',
      attempts: 2,
    });
    expect(sentTo(comment.id, 'public_reply')).toHaveLength(1);
  });
});

describe('a trace of another message', () => {
  it('proves nothing about one in doubt to the same person: each gets its own answer', async () => {
    const { user } = await ask();
    await fairdrop.round();
    failNext({ type: 'reset_before_accept' }, 'private_reply');
    failNext({ type: 'accept_then_reset' }, 'private_reply');
    const [one, other] = [await ask(user), await ask(user)];
    await fairdrop.round();
    await fairdrop.run(10 * minuteMs, minuteMs);
    for (const { comment } of [one, other]) {
      expect((await messages(comment.id))[0]).toMatchObject({ state: 'sent' });
      expect(sentTo(comment.id)).toHaveLength(1);
    }
  });

  it('from a moment before, in the same words to the same person, proves nothing', async () => {
    const { user } = await ask();
    await fairdrop.round();
    await ask(user);
    await fairdrop.round();
    fairdrop.later(30_000);
    failNext({ type: 'reset_before_accept' }, 'private_reply');
    const { comment } = await ask(user);
    await fairdrop.round();
    await fairdrop.run(10 * minuteMs, minuteMs);
    expect((await messages(comment.id))[0]).toMatchObject({ state: 'sent' });
    expect(sentTo(comment.id)).toHaveLength(1);
  });
});

describe('a refusal after an attempt of unknown outcome', () => {
  it('leaves it to a person, and is not replayed by anybody', async () => {
    failNext({ type: 'accept_then_reset' }, 'private_reply');
    const { comment } = await ask();
    await fairdrop.round();
    failNext({ type: 'error', code: 551 }, 'private_reply');
    await fairdrop.run(2 * minuteMs, minuteMs / 2);
    const [privateReply] = await messages(comment.id);
    expect(privateReply).toMatchObject({ state: 'unconfirmed', restsWithPerson: true });
    const { data } = await fairdrop.client.get<{ data: { id: string; deliveryId: string }[] }>(
      '/v1/messages?state=unconfirmed',
    );
    const [mine] = data;
    await fairdrop.client.post(`/v1/messages/${mine?.id}/resolve`, { as: 'give_up' });
    await expect(fairdrop.client.post(`/v1/deliveries/${mine?.deliveryId}/replay`)).rejects.toThrow(
      'nobody could tell',
    );
    expect(sentTo(comment.id)).toHaveLength(1);
  });
});

describe('a message of which the platform tells nothing', () => {
  async function unknowable() {
    failNext({ type: 'accept_then_reset' }, 'public_reply');
    const { comment } = await ask();
    await fairdrop.round();
    fairdrop.instagram.deleteComment(comment);
    await fairdrop.instagram.settled();
    await fairdrop.query(`delete from events where reason = 'own_comment'`);
    await fairdrop.run(5 * minuteMs, minuteMs);
    const { data } = await fairdrop.client.get<{ data: { id: string; waitsFor: string; kind: string }[] }>(
      '/v1/messages?state=unconfirmed',
    );
    expect(data).toMatchObject([{ kind: 'public_reply', waitsFor: 'person' }]);
    return { comment, id: data[0]?.id };
  }

  it('waits for a person, who is told, and is never repeated by itself', async () => {
    const { comment } = await unknowable();
    await fairdrop.run(24 * 60 * minuteMs, 60 * minuteMs);
    expect(sentTo(comment.id, 'public_reply')).toHaveLength(1);
    const alerts = await fairdrop.client.list<{ kind: string }>('/v1/alerts?kind=unconfirmed');
    expect(alerts).toMatchObject([{ detail: { messages: 1 } }]);
    await fairdrop.query(
      `update messages set state = 'failed', look_up_at = null where state = 'unconfirmed'`,
    );
    await fairdrop.round();
    expect(await fairdrop.client.list('/v1/alerts?kind=unconfirmed')).toEqual([]);
  });

  it.each([
    ['sent', { state: 'sent' }],
    ['give_up', { state: 'failed', reason: 'given_up' }],
  ])('is %s when the person says so, once', async (as, after) => {
    const { id } = await unknowable();
    expect(await fairdrop.client.post(`/v1/messages/${id}/resolve`, { as })).toMatchObject(after);
    await expect(fairdrop.client.post(`/v1/messages/${id}/resolve`, { as })).rejects.toThrow(
      'message_not_unconfirmed',
    );
    const entries = await fairdrop.query(
      `select kind, detail from ledger_entries where message_id = $1 order by id`,
      [id],
    );
    expect(entries.find(({ kind }) => kind === 'message.resolved')).toMatchObject({ detail: { as } });
  });

  it('goes out again when the person wants it', async () => {
    const { id } = await unknowable();
    expect(await fairdrop.client.post(`/v1/messages/${id}/resolve`, { as: 'send_again' })).toMatchObject({
      state: 'queued',
    });
  });
});
