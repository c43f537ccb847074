import { z } from 'zod';

/** Every job there is. Jobs carry ids and a version, nothing else: what they mean is read from Postgres. */
export const sendQueue = 'fairdrop-send';

/** More ids than this go in several jobs. */
export const maxMessagesPerJob = 32;

export const sendJob = z.object({
  v: z.literal(1),
  messageIds: z.array(z.uuid()).min(1).max(maxMessagesPerJob),
});
export type SendJob = z.infer<typeof sendJob>;
