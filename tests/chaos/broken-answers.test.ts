import { expect, it } from 'vitest';
import type { SendKind } from '../../fakes/instagram/index.ts';
import { openArena } from './arena.ts';
import { expectBalanced } from './final-account.ts';
import { sizes, testTimeoutMs } from './sizes.ts';

const { comments, timeouts } = sizes.brokenAnswers;
const always = Number.POSITIVE_INFINITY;

/** Longer than a send may take. */
const holdMs = 25_000;

it(
  `a platform that takes every message and breaks off the answer to one in ten has none twice, over ${comments} comments`,
  async () => {
    const arena = await openArena({ publicReplies: [{ text: 'Sent!' }] });
    const { instagram } = arena;
    for (const kind of ['private_reply', 'public_reply'] satisfies SendKind[]) {
      instagram.failNext({ type: 'accept_then_timeout', holdMs }, { kind, rate: 0.01, times: timeouts });
      instagram.failNext({ type: 'accept_then_reset' }, { kind, rate: 0.05, times: always });
      instagram.failNext({ type: 'accept_then_500' }, { kind, rate: 0.05, times: always });
    }
    await arena.talk(comments);

    const account = await expectBalanced(arena);
    expect(account.arrived).toBe(comments);
    expect(account.sent + account.unconfirmed).toBe(comments);
    expect(account.doubts).toBeGreaterThan(0);
    console.log(`${comments} comments:`, account);
  },
  testTimeoutMs,
);
