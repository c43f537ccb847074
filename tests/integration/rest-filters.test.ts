import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxLookedAt } from '../../src/records/page.ts';
import { type Client, connect, type Harness, type Json, readAll, startHarness } from './rest-harness.ts';

/** So many rows that no filter of one page may look at all of them. */
const many = Math.floor(maxLookedAt * 2.5);

let api: Harness;
let client: Client;
let own: Json;

beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
  own = await connect(client);
  const { account, trigger, resource } = own;
  const values = [client.workspaceId, account.id];
  const ids = 'uuidv7((n - $3) * interval $$1 second$$) as id, n';
  const rows = `(select ${ids} from generate_series(1, $3::int) n)`;
  // The oldest of all are the ones that filters look for.
  await api.pool.query(
    `insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key, outcome, reason)
     select id, $1::uuid, $2::uuid, 'instagram', 'x', case when n = 1 then 'echo' else 'comment' end, n::text,
            case when n = 2 then 'matched' else 'skipped' end,
            case n when 1 then 'echo' when 2 then 'trigger_matched' else 'keyword_absent' end
     from ${rows} r`,
    [...values, many],
  );
  await api.pool.query(
    `insert into contacts (id, workspace_id, account_id, external_id)
     select id, $1::uuid, $2::uuid, n::text from ${rows} r`,
    [...values, many],
  );
  await api.pool.query(
    `insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version,
                             resource_id, door, keyword, state, settled_at)
     select c.id, $1, $2, e.id, c.id, $3, 1, $4, 'comment', 'GUIDE',
            case when e.dedupe_key = '1' then 'expired' else 'delivered' end, now()
     from events e join contacts c on c.external_id = e.dedupe_key where e.workspace_id = $1`,
    [...values, trigger.id, resource.id],
  );
  await api.pool.query(
    `insert into messages (id, workspace_id, account_id, delivery_id, kind, pace, state, target_id, text, variant,
                           due_at, deadline_at, wake_at, doubted_at)
     select d.id, $1, $2, d.id, 'private_reply', 'private_reply',
            case c.external_id when '1' then 'expired' when '2' then 'unconfirmed' else 'sent' end,
            c.external_id, 'a', 0, now(), now(), null, now()
     from deliveries d join contacts c on c.id = d.contact_id where d.workspace_id = $1 and d.account_id = $2`,
    values,
  );
  await api.pool.query(
    `insert into ledger_entries (id, workspace_id, account_id, kind)
     select id, $1::uuid, $2::uuid, case when n = 1 then 'account.paused' else 'message.sent' end from ${rows} r`,
    [...values, many],
  );
});
afterAll(() => api.close());

const pathsOf = (): [string, number][] => [
  ['/v1/events?reason=echo', 1],
  ['/v1/events?kind=echo', 1],
  ['/v1/events?outcome=matched', 1],
  ['/v1/events?reason=own_comment', 0],
  [`/v1/events?accountId=${own.account.id}&kind=echo`, 1],
  ['/v1/deliveries?state=expired', 1],
  [`/v1/deliveries?state=expired&triggerId=${own.trigger.id}`, 1],
  [`/v1/deliveries?accountId=${client.workspaceId}`, 0],
  ['/v1/messages?state=expired', 1],
  [`/v1/contacts?accountId=${client.workspaceId}`, 0],
  ['/v1/ledger?kind=account.paused', 1],
];

describe('a filter that fits little of much', () => {
  it('finds it all, in pages of which some are empty', async () => {
    for (const [path, count] of pathsOf()) {
      const { body: first } = await client.get(path);
      expect(first.data, path).toEqual([]);
      expect(first.nextCursor, path).not.toBeNull();
      expect(await readAll(client, path, 50), path).toHaveLength(count);
    }
  });

  it('is no further from its end than the rows are many', async () => {
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages += 1) {
      const { body }: Json = await client.get(
        `/v1/events?reason=own_comment${cursor && `&cursor=${cursor}`}`,
      );
      cursor = body.nextCursor;
    }
    expect(pages).toBe(Math.ceil(many / maxLookedAt));
  });

  it('finds at once what has an index of its own', async () => {
    const [oldest] = await readAll(client, '/v1/messages?state=unconfirmed', 50);
    expect(oldest).toMatchObject({ targetId: '2' });
    expect((await client.get('/v1/messages?state=unconfirmed')).body.data).toHaveLength(1);
    const { contactId } = (await client.get(`/v1/deliveries/${oldest.deliveryId}`)).body;
    const { body } = await client.get(`/v1/deliveries?contactId=${contactId}`);
    expect(body).toMatchObject({ data: [{ id: oldest.deliveryId }], nextCursor: null });
  });
});

describe('a filter that fits much', () => {
  it('gives full pages, each row once', async () => {
    const path = '/v1/events?reason=keyword_absent';
    const { body } = await client.get(path);
    expect(body.data).toHaveLength(50);
    const ids = (await readAll(client, path, 200)).map(({ id }) => id);
    expect(ids).toHaveLength(many - 2);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });
});
