import { afterAll, beforeAll, expect } from 'vitest';
import type { OpenAccount } from '../../src/deliveries/account.ts';
import { createDeliveryEngine, type DeliveryEngine, type SendReport } from '../../src/deliveries/deliver.ts';
import { createReconciler, type Reconciler } from '../../src/deliveries/reconcile.ts';
import { createScheduler, type Scheduler } from '../../src/deliveries/scheduler.ts';
import { createIntake } from '../../src/intake/intake.ts';
import type { OutgoingMessage, SendOutcome } from '../../src/platforms/port.ts';
import { aComment, scriptedPlatform } from './platform.ts';
import { type Seeded, secretBox, seed } from './seed.ts';
import { createDatabase, type TestDatabase } from './services.ts';

export type Answer = (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>;

/** The platform takes the message. */
export const sent: Answer = (message) => ({
  kind: 'sent',
  externalId: `mid.${message.targetId}`,
  recipientId: '900',
  restMs: 0,
});

type EngineParts = Parameters<typeof createDeliveryEngine>[0];
type SchedulerParts = Parameters<typeof createScheduler>[0];
type ReconcilerParts = Parameters<typeof createReconciler>[0];

/** Everything around the delivery engine: a real database, a platform that answers as told, a clock that is set. */
export interface DeliveryStage {
  seeded: Seeded;
  platform: ReturnType<typeof scriptedPlatform>;
  /** What the platform answers from now on. */
  answer: Answer;
  now: Date;
  /** The messages that were put into the queue. */
  woken: string[];
  reports: SendReport[];
  engine(given?: Partial<EngineParts>): DeliveryEngine;
  scheduler(given?: Partial<SchedulerParts>): Scheduler;
  reconciler(given?: Partial<ReconcilerParts>): Reconciler;
  later(ms: number): void;
  /** One comment that matched: its delivery with a private reply that is queued and a public one that is held. */
  begin(): Promise<{ privateReply: string; publicReply: string; deliveryId: string; commentId: string }>;
  // biome-ignore lint/suspicious/noExplicitAny: rows as they stand in the database
  message(id: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: rows as they stand in the database
  delivery(id: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: rows as they stand in the database
  account(): Promise<any>;
}

/** Call it once, at the top of a test file. */
export function useDeliveryStage(): DeliveryStage {
  let database: TestDatabase;
  const platform = scriptedPlatform((message) => stage.answer(message));

  beforeAll(async () => {
    database = await createDatabase();
    stage.seeded = await seed(database.url, { publicReplies: [{ text: 'Sent!', weight: 1 }] });
  });

  afterAll(async () => {
    await stage.seeded.close();
    await database.drop();
  });

  const common = () => ({
    pool: stage.seeded.pool,
    wake: (ids: string[]) => void stage.woken.push(...ids),
    now: () => stage.now,
    random: () => 0.5,
  });

  const open: OpenAccount = {
    adapterFor: () => platform,
    adapters: () => [platform],
    credentialsOf: ({ id, credentials, credentialsKeyId }) =>
      JSON.parse(secretBox.open(credentials, credentialsKeyId, `account:${id}`)),
  };

  async function row(sql: string, id: string) {
    return (await stage.seeded.pool.query(sql, [id])).rows[0];
  }

  const stage: DeliveryStage = {
    seeded: undefined as unknown as Seeded,
    platform,
    answer: sent,
    now: new Date(),
    woken: [],
    reports: [],
    engine: (given) =>
      createDeliveryEngine({
        ...common(),
        open,
        report: (report) => stage.reports.push(report),
        onError: () => {},
        ...given,
      }),
    scheduler: (given) =>
      createScheduler({
        ...common(),
        queueAnswers: async () => true,
        onError: (error) => expect.fail(String(error)),
        ...given,
      }),
    reconciler: (given) =>
      createReconciler({
        ...common(),
        open,
        report: () => {},
        onError: (error) => expect.fail(String(error)),
        ...given,
      }),
    later(ms) {
      stage.now = new Date(stage.now.getTime() + ms);
    },
    async begin() {
      Object.assign(stage, { answer: sent, now: new Date(), woken: [], reports: [] });
      platform.asked.length = 0;
      await stage.seeded.pool.query("update accounts set state = 'active', state_reason = null");
      const comment = aComment(stage.seeded.accountExternalId);
      await createIntake({ ...common(), onUnstorable: expect.fail }).receive(platform, [comment]);
      const { rows } = await stage.seeded.pool.query(
        'select id, kind, delivery_id from messages where target_id = $1',
        [comment.commentId],
      );
      const idOf = (kind: string) => rows.find((found) => found.kind === kind).id;
      const privateReply = idOf('private_reply');
      expect(stage.woken).toEqual([privateReply]);
      stage.woken = [];
      const deliveryId = rows[0].delivery_id;
      return { privateReply, publicReply: idOf('public_reply'), deliveryId, commentId: comment.commentId };
    },
    message: (id) => row('select * from messages where id = $1', id),
    delivery: (id) =>
      row(
        `select d.*, (select array_agg(l.kind order by l.id) from ledger_entries l where l.delivery_id = d.id) as ledger
         from deliveries d where d.id = $1`,
        id,
      ),
    account: () => row('select * from accounts where id = $1', stage.seeded.accountId),
  };
  return stage;
}
