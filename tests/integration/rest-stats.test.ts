import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { type Client, connect, type Harness, type Json, startHarness } from './rest-harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

type Fate = { state: string; reason?: string | null } | { skipped: string };

let serial = 0;

/** Writes an event with its fate straight into the tables. */
async function happened(client: Client, { account, trigger, resource }: Json, fate: Fate): Promise<void> {
  serial += 1;
  const owned = { workspaceId: client.workspaceId, accountId: account.id };
  const eventId = newId();
  const contactId = newId();
  const skipped = 'skipped' in fate;
  await api.prisma.contact.create({ data: { id: contactId, ...owned, externalId: `${serial}` } });
  await api.prisma.event.create({
    data: {
      id: eventId,
      ...owned,
      platform: 'instagram',
      accountExternalId: account.externalId,
      kind: 'comment',
      dedupeKey: `comment:${serial}`,
      timesReceived: 3,
      outcome: skipped ? 'skipped' : 'matched',
      reason: skipped ? fate.skipped : 'trigger_matched',
    },
  });
  if (skipped) return;
  const deliveryId = newId();
  await api.prisma.delivery.create({
    data: {
      id: deliveryId,
      ...owned,
      eventId,
      contactId,
      triggerId: trigger.id,
      triggerVersion: 1,
      resourceId: resource.id,
      door: 'comment',
      keyword: 'GUIDE',
      state: fate.state,
      reason: fate.reason ?? null,
      settledAt: fate.state === 'waiting' ? null : new Date(),
    },
  });
  await api.prisma.message.create({
    data: {
      id: newId(),
      ...owned,
      deliveryId,
      kind: 'private_reply',
      pace: 'private_reply',
      state: fate.state === 'delivered' ? 'sent' : fate.state === 'waiting' ? 'queued' : fate.state,
      targetId: '1',
      text: 'a',
      variant: 0,
      dueAt: new Date(),
      deadlineAt: new Date(),
      wakeAt: fate.state === 'waiting' ? new Date() : null,
    },
  });
}

const sum = (counts: Json): number => Object.values<number>(counts).reduce((a, b) => a + b, 0);

function expectExact(stats: Json): void {
  const { received, delivered, waiting, skipped, failed, expired } = stats;
  expect(received).toBe(delivered + waiting + skipped + failed + expired);
  expect(sum(stats.skippedByReason)).toBe(skipped);
  expect(sum(stats.failedByReason)).toBe(failed);
  expect(sum(stats.expiredByReason)).toBe(expired);
}

describe('the statistics', () => {
  it('of an empty workspace are zeros', async () => {
    const { body } = await (await api.client()).get('/v1/stats');
    expect(body).toMatchObject({
      received: 0,
      skippedByReason: {},
      messages: { private_reply: { sent: 0 } },
    });
    expectExact(body);
  });

  it('count every event once, by what became of it, and nobody else’s', async () => {
    const client = await api.client();
    const other = await api.client();
    const [mine, theirs] = [await connect(client), await connect(other)];
    const fates: Fate[] = [
      { skipped: 'keyword_absent' },
      { skipped: 'keyword_absent' },
      { skipped: 'own_comment' },
      { state: 'delivered' },
      { state: 'delivered' },
      { state: 'delivered' },
      { state: 'waiting' },
      { state: 'failed', reason: 'comment_deleted' },
      { state: 'failed', reason: 'comment_deleted' },
      { state: 'failed' },
      { state: 'expired', reason: 'throttled' },
    ];
    for (const fate of fates) await happened(client, mine, fate);
    await happened(other, theirs, { state: 'delivered' });
    const { body } = await client.get('/v1/stats');
    expect(body).toMatchObject({
      received: 11,
      delivered: 3,
      waiting: 1,
      skipped: 3,
      failed: 3,
      expired: 1,
      skippedByReason: { keyword_absent: 2, own_comment: 1 },
      failedByReason: { comment_deleted: 2, unspecified: 1 },
      expiredByReason: { throttled: 1 },
      messages: { private_reply: { sent: 3, queued: 1, failed: 3, expired: 1, unconfirmed: 0 } },
    });
    expect(sum(body.messages.public_reply)).toBe(0);
    expectExact(body);
  });

  it('add up at any moment while events come in', async () => {
    const client = await api.client();
    const mine = await connect(client);
    const fates: Fate[] = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? { skipped: 'keyword_absent' } : { state: i % 3 === 1 ? 'waiting' : 'delivered' },
    );
    // Event and delivery together, as intake commits them.
    const writing = Promise.all(
      fates.map(
        (fate) =>
          api.prisma.$executeRaw`
          with e as (
            insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key,
                                outcome, reason)
            values (${newId()}::uuid, ${client.workspaceId}::uuid, ${mine.account.id}::uuid, 'instagram', 'x',
                    'comment', ${newId()}, ${'skipped' in fate ? 'skipped' : 'matched'}, 'keyword_absent')
            returning id
          ), c as (
            insert into contacts (id, workspace_id, account_id, external_id)
            values (${newId()}::uuid, ${client.workspaceId}::uuid, ${mine.account.id}::uuid, ${newId()})
            returning id
          )
          insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version,
                                  resource_id, door, keyword, state, settled_at)
          select ${newId()}::uuid, ${client.workspaceId}::uuid, ${mine.account.id}::uuid, e.id, c.id,
                 ${mine.trigger.id}::uuid, 1, ${mine.resource.id}::uuid, 'comment', 'GUIDE',
                 ${'state' in fate ? fate.state : 'waiting'},
                 ${'state' in fate && fate.state === 'delivered' ? new Date() : null}::timestamptz
          from e, c where ${!('skipped' in fate)}`,
      ),
    );
    const reading = async () => {
      for (let i = 0; i < 15; i += 1) expectExact((await client.get('/v1/stats')).body);
    };
    await Promise.all([writing, reading(), reading()]);
    expect((await client.get('/v1/stats')).body).toMatchObject({ received: 60, skipped: 20, waiting: 20 });
  });
});
