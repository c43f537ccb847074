import type pg from 'pg';
import { watch } from '../alerts/watch.ts';
import { purgeIdempotencyKeys } from '../catalog/idempotency.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import type { OpenAccount } from '../deliveries/account.ts';
import { createLoop, type Loop } from '../loop.ts';
import { probeAccounts } from './probe.ts';
import { refreshCredentials } from './refresh.ts';
import { purgeEvents } from './retention.ts';
import { foldAllTallies } from './tallies.ts';

const pauseMs = 10_000;

/** Something happened that a person may want to find in the log. */
export type UpkeepNote = { event: string; level: 'info' | 'warn' } & Record<string, unknown>;

/**
 * What keeps an installation in good order beside the sending: tells owners what they should know, tries paused accounts
 * again, renews credentials before they die, adds up what is counted, forgets what retention says. Several processes may do it at once.
 * @param deps.retentionDays how long events that led to nothing are kept; 0 for ever
 */
export function createUpkeep(deps: {
  pool: pg.Pool;
  /** Only for what is rarely to be done. */
  openPrisma: () => Promise<PrismaClient>;
  secretBox: SecretBox;
  open: OpenAccount;
  retentionDays: number;
  note: (note: UpkeepNote) => void;
  now: () => Date;
  onError: (error: unknown) => void;
}): Loop & { tick(): Promise<void> } {
  const { pool, retentionDays, note } = deps;

  const steps: ((now: Date) => Promise<unknown>)[] = [
    async (now) => {
      for (const alert of await watch(pool, now)) note({ level: 'warn', event: 'alert', ...alert });
    },
    async (now) => {
      for (const account of await probeAccounts(deps, now)) {
        note({ level: 'info', event: 'account_resumed', ...account });
      }
    },
    async (now) => {
      for (const report of await refreshCredentials(deps, now)) {
        const level = report.kind === 'refreshed' ? 'info' : 'warn';
        note({ level, event: 'credentials_refresh', ...report });
      }
    },
    () => foldAllTallies(pool),
    (now) => purgeIdempotencyKeys(pool, now),
    async (now) => {
      if (retentionDays > 0) await purgeEvents(pool, retentionDays, now);
    },
  ];

  /** One step that fails must not keep the others from their work. */
  async function tick(): Promise<void> {
    const now = deps.now();
    for (const step of steps) await step(now).catch(deps.onError);
  }

  return { tick, ...createLoop(tick, pauseMs) };
}
