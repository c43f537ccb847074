import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId, WorkspaceId } from '../ids.ts';
import type { MessageKind } from '../platforms/port.ts';
import { notFound, Problem } from '../problem.ts';
import { arrived, ended, repeat, type Settlement } from './settle.ts';
import { storeSettlements } from './store.ts';
import { wakeGraceMs } from './wake.ts';

/** What a person may say became of an unconfirmed message, or should become of it. */
export const resolutions = ['sent', 'send_again', 'give_up'] as const;
export type Resolution = (typeof resolutions)[number];

const findMessage: Statement = {
  name: 'resolve-find',
  text: `select kind, state, attempts, deadline_at, delivery_id from messages where id = $1 and workspace_id = $2`,
};

interface MessageRow {
  delivery_id: string;
  kind: MessageKind;
  state: string;
  attempts: number;
  deadline_at: Date;
}

/**
 * A person decides about a message of which nobody else can tell whether it was sent.
 * @throws Problem when there is no such message, it is not unconfirmed (any more), or it is too late to send it again
 */
export async function resolveMessage(
  deps: { pool: pg.Pool; wake: (ids: MessageId[]) => void },
  by: { workspaceId: WorkspaceId; keyId: string; now: Date },
  id: MessageId,
  as: Resolution,
): Promise<void> {
  const { now, keyId } = by;
  const [message] = await runStatement<MessageRow>(deps.pool, findMessage, [id, by.workspaceId]);
  if (!message) throw notFound('message');
  const settlement = judge(message, as, now);
  const was = { attempts: message.attempts, lookUps: null };
  const row = {
    id,
    deliveryId: message.delivery_id,
    was,
    settlement,
    credentials: null,
    resolvedBy: { as, keyId },
  };
  const wakeAt = new Date(now.getTime() + wakeGraceMs);
  const { accepted, released } = await storeSettlements(deps.pool, [row], now, wakeAt);
  if (!accepted.has(id)) {
    throw new Problem(
      409,
      'message_not_unconfirmed',
      'What became of this message is known, or it is still being sent. Only an unconfirmed one can be resolved.',
    );
  }
  deps.wake(settlement.message.state === 'queued' ? [id, ...released] : released);
}

function judge(message: MessageRow, as: Resolution, now: Date): Settlement {
  const { kind, attempts, deadline_at: deadlineAt } = message;
  switch (as) {
    case 'sent':
      return arrived(kind, { externalId: null, recipientId: null }, { attempts, proof: 'a person said so' });
    case 'send_again':
      if (message.state === 'unconfirmed' && now >= deadlineAt) {
        throw new Problem(
          409,
          'window_closed',
          'The platform’s window for this message has closed: it cannot be sent again. Resolve it as sent, or give it up.',
        );
      }
      return repeat({ kind, deadlineAt }, null, now);
    case 'give_up':
      return ended(kind, 'failed', 'given_up', 'a person gave it up');
    default:
      return as satisfies never;
  }
}
