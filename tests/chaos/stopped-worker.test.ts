import { describe, expect, it } from 'vitest';
import { query } from '../support/sql.ts';
import { ageLeases, openArena } from './arena.ts';
import { expectAllDelivered, expectBalanced } from './final-account.ts';
import { long, patienceMs, sizes, testTimeoutMs } from './sizes.ts';

const { comments } = sizes.stopped;
const poll = { timeout: patienceMs, interval: 20 };

describe('a worker', () => {
  it(
    'that stands still for longer than its lease is not heard when it goes on, and nothing is doubled',
    async () => {
      const arena = await openArena();
      const { instagram, databaseUrl } = arena;
      await arena.stop('worker');
      const frozen = await arena.start('frozen', { LOG_LEVEL: 'info' });
      const leased = async () => {
        const rows = await query(databaseUrl, "select id from messages where state = 'sending'");
        return rows.map(({ id }) => id as string);
      };

      // Its sends have left it, and are not answered yet.
      const requestsBefore = instagram.requests;
      instagram.failNext({ type: 'slow', ms: 5_000 }, { kind: 'private_reply', times: comments });
      const talking = arena.talk(comments);
      await expect.poll(() => instagram.requests, poll).toBeGreaterThan(requestsBefore);
      frozen.process.kill('SIGSTOP');
      await talking;
      instagram.clearFaults();
      const held = await leased();
      expect(held.length).toBeGreaterThan(0);

      if (!long) await ageLeases(databaseUrl);
      await arena.start('worker');
      await expect.poll(async () => (await leased()).filter((id) => held.includes(id)), poll).toEqual([]);
      frozen.process.kill('SIGCONT');

      const reports = () => sendReports(frozen.output()).filter(({ messageId }) => held.includes(messageId));
      await expect.poll(() => reports().length, poll).toBeGreaterThan(0);
      await expectBalanced(arena);

      // It is none the worse for it.
      await arena.stop('worker');
      await arena.talk(comments);
      const account = await expectBalanced(arena);
      expect(account.doubts).toBe(held.length);
      // What it had been sending; a repetition after the look-up may be its own again.
      expect(reports().filter(({ accepted, attempt }) => accepted && attempt === 1)).toEqual([]);
      console.log(`${comments} comments twice, ${held.length} under the lease:`, account);
    },
    testTimeoutMs,
  );

  it(
    'that is replaced in the middle of a burst leaves nothing in doubt and nothing behind',
    async () => {
      const arena = await openArena({ publicReplies: [{ text: 'Sent!' }], instagram: { latencyMs: 200 } });
      const talking = arena.talk(comments);
      await expect.poll(() => arena.instagram.sent.length, poll).toBeGreaterThan(0);
      const [code] = await Promise.all([arena.stop('worker'), arena.start('successor')]);
      expect(code).toBe(0);
      await talking;
      await expectAllDelivered(arena);
    },
    testTimeoutMs,
  );
});

/** What a worker logged of its sends. */
function sendReports(output: string): { messageId: string; accepted: boolean; attempt: number }[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'send');
}
