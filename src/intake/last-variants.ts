import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { IntakeAccount, LastVariant } from './decide.ts';
import type { Arrival } from './rows.ts';

const findLast: Statement = {
  name: 'intake-last-variants',
  text: `
    select distinct on (a.place, d.trigger_id) a.place, d.trigger_id, m.variant
    from json_to_recordset($1::json) as a(place int, account_id uuid, external_id text)
    join contacts c on c.account_id = a.account_id and (c.external_id = a.external_id or c.messaging_id = a.external_id)
    cross join lateral (
      select id, trigger_id from deliveries where contact_id = c.id order by id desc limit 20) d
    join messages m on m.delivery_id = d.id and m.kind <> 'public_reply'
    order by a.place, d.trigger_id, d.id desc`,
};

const none: LastVariant = () => null;

/**
 * Nobody should get the same words twice in a row. Asked for only where a trigger could answer the same person again and
 * has several texts: for most accounts that is never.
 * @returns for each arrival in turn
 */
export async function findLastVariants(
  pool: pg.Pool,
  arrivals: ReadonlyArray<{ arrival: Arrival; account: IntakeAccount | null }>,
): Promise<LastVariant[]> {
  const asked = arrivals.flatMap(({ arrival: { event }, account }, place) => {
    const author = 'author' in event ? event.author : null;
    return account?.repeats && author
      ? [{ place, account_id: account.id, external_id: author.externalId }]
      : [];
  });
  if (asked.length === 0) return arrivals.map(() => none);
  type Row = { place: number; trigger_id: string; variant: number };
  const rows = await runStatement<Row>(pool, findLast, [JSON.stringify(asked)]);
  const found = new Map(rows.map(({ place, trigger_id, variant }) => [`${place}:${trigger_id}`, variant]));
  return arrivals.map((_, place) => (triggerId) => found.get(`${place}:${triggerId}`) ?? null);
}
