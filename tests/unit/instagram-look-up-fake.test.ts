/** Look-ups where the platform is the fake: what was sent, and lost its answer, is found again. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeComment, Fault } from '../../fakes/instagram/index.ts';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { OutgoingMessage, SoughtMessage } from '../../src/platforms/port.ts';
import { dayMs, minuteMs, start, startedAt } from '../support/fake-instagram.ts';

async function stage(options: Parameters<typeof start>[0] = {}) {
  const clock = { at: startedAt };
  const { fake, account, user } = await start({
    now: () => clock.at,
    sendEchoes: false,
    conversationReadsPerSecond: 1000,
    ...options,
  });
  const adapter = createInstagramAdapter({
    appSecrets: [],
    verifyToken: undefined,
    graphUrl: fake.graphUrl,
    now: () => clock.at,
  });
  onTestFinished(() => adapter.close());
  const sender = { externalId: account.id, credentials: account };
  const pass = (ms: number) => {
    clock.at = new Date(clock.at.getTime() + ms);
  };
  const write = (text = 'GUIDE', parentId?: string) =>
    fake.comment({ account, user, text, announce: false, ...(parentId === undefined ? {} : { parentId }) });
  /** Sends, and has the answer lost on the way, or the message. */
  async function lose(message: OutgoingMessage, fault: Fault['type']): Promise<SoughtMessage> {
    const attemptedAt = clock.at;
    fake.failNext({ type: fault } as Fault);
    expect(await adapter.send(message, sender)).toMatchObject({ kind: 'unknown' });
    const contact = { username: 'Ada', messagingId: null };
    return {
      ...message,
      attemptedAt,
      contact,
      refusedAsAnswered: false,
      live: false,
      whose: async () => 'possible',
    };
  }
  const lookUp = (sought: SoughtMessage) => adapter.lookUp(sought, sender);
  return { fake, account, user, adapter, sender, pass, write, lose, lookUp };
}

const privateReply = (
  comment: FakeComment,
  text = 'Your guide:\nhttps://studio.example/guide',
): OutgoingMessage => ({
  kind: 'private_reply',
  targetId: comment.id,
  text,
});
const publicReply = (comment: FakeComment): OutgoingMessage => ({
  kind: 'public_reply',
  targetId: comment.id,
  text: 'Look into your messages, ada!',
});

describe('a private reply whose answer was lost', () => {
  test('is found by the id of the person where that is known', async () => {
    const { fake, account, user, write, lose, lookUp } = await stage();
    const sought = await lose(privateReply(await write()), 'garbage');
    const contact = { username: null, messagingId: fake.messagingIdOf(account, user) };
    expect(await lookUp({ ...sought, contact })).toMatchObject({
      kind: 'found',
      externalId: fake.sent[0]!.id,
    });
  });

  test('may be sent again where nothing is to be seen, and is refused if it arrived after all', async () => {
    const { fake, write, lose, lookUp, adapter, sender } = await stage();
    const lost = await lose(privateReply(await write()), 'reset_before_accept');
    expect(await lookUp(lost)).toMatchObject({ kind: 'absent' });
    expect(await adapter.send(lost, sender)).toMatchObject({ kind: 'sent' });
    expect(await adapter.send(lost, sender)).toMatchObject({ kind: 'rejected', answered: true });
    expect(fake.sent).toHaveLength(1);
  });

  test('has arrived where a second was refused, although the conversation cannot show it', async () => {
    const { write, lose, lookUp } = await stage({ keepTexts: false });
    const sought = await lose(privateReply(await write()), 'accept_then_500');
    expect(await lookUp(sought)).toMatchObject({ kind: 'absent' });
    expect(await lookUp({ ...sought, refusedAsAnswered: true })).toEqual({
      kind: 'found',
      externalId: null,
      recipientId: null,
      detail: 'Instagram refused a second private reply, so the first arrived.',
    });
  });

  test('stays unclear where the refusal can have another reason', async () => {
    const { fake, write, lose, lookUp, pass } = await stage();
    const gone = await write();
    const lost = await lose(privateReply(gone), 'reset_before_accept');
    fake.deleteComment(gone);
    expect(await lookUp({ ...lost, refusedAsAnswered: true })).toMatchObject({ kind: 'unclear' });
    const old = await lose(privateReply(await write()), 'reset_before_accept');
    expect(await lookUp({ ...old, refusedAsAnswered: true, live: true })).toMatchObject({ kind: 'unclear' });
    expect(await lookUp({ ...old, refusedAsAnswered: true })).toMatchObject({ kind: 'found' });
    pass(7 * dayMs + 1);
    expect(await lookUp({ ...old, refusedAsAnswered: true })).toMatchObject({ kind: 'unclear' });
  });

  test('is not taken for one that was sent long before with the same text', async () => {
    const { write, lose, lookUp, adapter, sender, pass } = await stage();
    expect(await adapter.send(privateReply(await write()), sender)).toMatchObject({ kind: 'sent' });
    pass(10 * minuteMs);
    const lost = await lose(privateReply(await write()), 'reset_before_accept');
    expect(await lookUp(lost)).toMatchObject({ kind: 'absent' });
  });

  test('waits where the conversations were read too often', async () => {
    const { fake, account, user, write, lose, lookUp } = await stage({ conversationReadsPerSecond: 0 });
    const sought = await lose(privateReply(await write()), 'accept_then_reset');
    const contact = { username: null, messagingId: fake.messagingIdOf(account, user) };
    expect(await lookUp({ ...sought, contact })).toMatchObject({ kind: 'unavailable', retryAfterMs: 10_000 });
  });
});

describe('a direct message whose answer was lost', () => {
  async function open(options: Parameters<typeof start>[0] = {}) {
    const all = await stage(options);
    const { fake, account, user } = all;
    await fake.userSends({ account, user, text: 'GUIDE', announce: false });
    all.pass(5_000);
    const direct = (text = 'Here it is.'): OutgoingMessage => ({
      kind: 'direct_message',
      targetId: fake.messagingIdOf(account, user),
      text,
    });
    return { ...all, direct };
  }

  test('is found in the conversation', async () => {
    const { fake, account, user, direct, lose, lookUp } = await open();
    const sought = await lose(direct(), 'accept_then_reset');
    expect(await lookUp(sought)).toMatchObject({
      kind: 'found',
      externalId: fake.sent[0]!.id,
      recipientId: fake.messagingIdOf(account, user),
    });
  });

  test('is absent once it has had the time to appear', async () => {
    const { direct, lose, lookUp, pass } = await open();
    const sought = await lose(direct(), 'reset_before_accept');
    expect(await lookUp(sought)).toMatchObject({ kind: 'unavailable', retryAfterMs: 2 * minuteMs });
    pass(2 * minuteMs - 1);
    expect(await lookUp(sought)).toMatchObject({ kind: 'unavailable', retryAfterMs: 1 });
    pass(1);
    expect(await lookUp(sought)).toMatchObject({ kind: 'absent' });
  });

  test('is no longer to be decided when 20 messages have come since', async () => {
    const { fake, account, user, direct, lose, lookUp, pass } = await open();
    const sought = await lose(direct(), 'accept_then_reset');
    pass(2 * minuteMs);
    for (let i = 0; i < 19; i += 1) await fake.userSends({ account, user, text: `${i}`, announce: false });
    expect(await lookUp(sought)).toMatchObject({ kind: 'found' });
    await fake.userSends({ account, user, text: 'one more', announce: false });
    expect(await lookUp(sought)).toMatchObject({ kind: 'unclear' });
  });

  test('is not found in the words of the person', async () => {
    const { fake, account, user, direct, lose, lookUp, pass } = await open();
    const sought = await lose(direct('GUIDE 2'), 'reset_before_accept');
    pass(3 * minuteMs);
    await fake.userSends({ account, user, text: 'GUIDE 2', announce: false });
    expect(await lookUp(sought)).toMatchObject({ kind: 'absent' });
  });

  test('of a person who does not exist stays unclear', async () => {
    const { direct, lose, lookUp, pass } = await open();
    const sought = await lose(direct(), 'reset_before_accept');
    pass(3 * minuteMs);
    expect(await lookUp({ ...sought, targetId: '61999' })).toMatchObject({ kind: 'unclear' });
  });
});

describe('a public reply whose answer was lost', () => {
  test('is found under its comment, and is absent once it has had the time to appear', async () => {
    const { fake, write, lose, lookUp, pass } = await stage();
    const arrived = await lose(publicReply(await write()), 'accept_then_reset');
    const lost = await lose(publicReply(await write()), 'reset_before_accept');
    expect(await lookUp(arrived)).toMatchObject({
      kind: 'found',
      externalId: fake.sent[0]!.id,
      recipientId: null,
    });
    expect(await lookUp(lost)).toMatchObject({ kind: 'unavailable', retryAfterMs: 2 * minuteMs });
    pass(2 * minuteMs);
    expect(await lookUp(lost)).toMatchObject({ kind: 'absent' });
    expect(await lookUp(arrived)).toMatchObject({ kind: 'found' });
  });

  test('to a reply is found under the comment at the top', async () => {
    const { fake, write, lose, lookUp, pass } = await stage();
    const top = await write('hello');
    const reply = await write('GUIDE', top.id);
    const deep = await write('GUIDE', reply.id);
    const lost = await lose(publicReply(reply), 'reset_before_accept');
    pass(3 * minuteMs);
    expect(await lookUp(lost)).toMatchObject({ kind: 'absent' });
    const arrived = await lose(publicReply(deep), 'accept_then_reset');
    expect(await lookUp(arrived)).toMatchObject({ kind: 'found', externalId: fake.sent[0]!.id });
  });

  test('is found among more replies than a page holds', async () => {
    const { fake, user, account, write, lose, lookUp } = await stage();
    const comment = await write();
    const arrived = await lose(publicReply(comment), 'accept_then_reset');
    for (let i = 0; i < 120; i += 1) {
      await fake.comment({ account, user, text: `me too ${i}`, parentId: comment.id, announce: false });
    }
    expect(await lookUp(arrived)).toMatchObject({ kind: 'found', externalId: fake.sent[0]!.id });
  });

  test('stays unclear when its comment is gone', async () => {
    const { fake, write, lose, lookUp } = await stage();
    const comment = await write();
    const sought = await lose(publicReply(comment), 'accept_then_reset');
    fake.deleteComment(comment);
    expect(await lookUp(sought)).toMatchObject({
      kind: 'unclear',
      detail: expect.stringContaining('100/33'),
    });
  });

  test('is not found in the same words of somebody else', async () => {
    const { write, lose, lookUp, pass } = await stage();
    const comment = await write();
    const message = publicReply(comment);
    const sought = await lose(message, 'reset_before_accept');
    await write(message.text, comment.id);
    pass(3 * minuteMs);
    expect(await lookUp(sought)).toMatchObject({ kind: 'unclear' });
  });
});

test('a look-up with a dead token comes back later, when somebody may have repaired it', async () => {
  const { fake, account, user, write, lose, lookUp } = await stage();
  const comment = await write();
  const contact = { username: null, messagingId: fake.messagingIdOf(account, user) };
  const sought = [
    { ...(await lose(privateReply(comment), 'reset_before_accept')), contact },
    await lose(publicReply(comment), 'reset_before_accept'),
  ];
  fake.expireToken(account);
  for (const message of sought) {
    expect(await lookUp(message)).toMatchObject({ kind: 'unavailable', retryAfterMs: 5 * minuteMs });
  }
});
