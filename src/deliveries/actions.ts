import type pg from 'pg';
import type { MessageId, WorkspaceId } from '../ids.ts';
import type { PlatformAdapter } from '../platforms/port.ts';
import { type ReplayFilter, type ReplayResult, replayDeliveries } from './replay.ts';
import { type Resolution, resolveMessage } from './resolve.ts';

/** Who acts, and when. */
export interface Actor {
  workspaceId: WorkspaceId;
  keyId: string;
  now: Date;
}

/** What a person can do about deliveries and messages. */
export interface DeliveryActions {
  resolve(by: Actor, id: MessageId, as: Resolution): Promise<void>;
  replay(by: Actor, filter: ReplayFilter, options: { dryRun: boolean; limit: number }): Promise<ReplayResult>;
}

/** @param deps.wake is told the messages that may go out at once */
export function createDeliveryActions(deps: {
  pool: pg.Pool;
  platforms: ReadonlyMap<string, PlatformAdapter>;
  wake: (ids: MessageId[]) => void;
  random: () => number;
}): DeliveryActions {
  return {
    resolve: (by, id, as) => resolveMessage(deps, by, id, as),
    replay: (by, filter, options) => replayDeliveries(deps, by, filter, options),
  };
}
