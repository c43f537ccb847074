import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createClient } from '../../demo/client.ts';
import { startFairdrop } from '../../demo/process.ts';
import { startFakeInstagram } from '../../fakes/instagram/index.ts';
import { createDatabase } from '../support/services.ts';
import { expectSound, query } from '../support/sql.ts';
import { environment, openStudio, unpaced } from '../support/studio.ts';

interface Backfill {
  id: string;
  state: string;
  progress: { found: number; matched: number; alreadyAnswered: number };
}

it('a back-fill whose worker is killed is finished by another one: nothing is lost, counted or begun twice', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const appSecret = randomBytes(16).toString('hex');
  const instagram = await startFakeInstagram({ appSecret, latencyMs: 100 });
  onTestFinished(() => instagram.close());
  const env = environment({ databaseUrl: database.url, instagram, appSecret });
  const start = async (role: string) => {
    const fairdrop = await startFairdrop({ ...env, ROLE: role });
    onTestFinished(async () => {
      await fairdrop.stop();
    });
    return fairdrop;
  };
  const api = await start('api');
  const client = createClient(api.url, env.FAIRDROP_BOOTSTRAP_KEY);
  // Sending has its own test.
  const slow = { perHour: 1, burst: 1 };
  const account = await openStudio(
    client,
    instagram,
    {},
    { pacing: { private_reply: slow, listing: unpaced } },
  );
  for (let i = 0; i < 220; i += 1) {
    const user = instagram.addUser({ username: `reader${i}` });
    await instagram.comment({ account, user, text: 'guide', announce: false });
  }
  const [connected] = await client.list<{ id: string }>('/v1/accounts');
  const worker = await start('worker');
  const { id } = await client.post<Backfill>('/v1/backfills', { accountId: connected?.id });
  const read = () => client.get<Backfill>(`/v1/backfills/${id}`);
  await expect
    .poll(async () => (await read()).progress.found, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(50);
  const dead = once(worker.process, 'exit');
  worker.process.kill('SIGKILL');
  await dead;
  expect(await read()).toMatchObject({ state: 'running' });
  await start('worker');
  // Whatever lease the dead one had is over.
  await query(database.url, 'update backfills set lease_until = now() where lease_until is not null');
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).toBe('done');
  expect((await read()).progress).toMatchObject({ found: 220, matched: 220, alreadyAnswered: 0 });
  const [counts] = await query(
    database.url,
    `select count(*)::int as deliveries, count(distinct event_id)::int as events from deliveries`,
  );
  expect(counts).toEqual({ deliveries: 220, events: 220 });
  await expectSound(database.url);
});
