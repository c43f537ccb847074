import type { DeliveryEngine } from '../deliveries/deliver.ts';
import { sendJob } from '../queue/catalog.ts';

/** @returns a processor that hands a job's messages to the delivery engine */
export function createSendProcessor(engine: DeliveryEngine): (job: unknown) => Promise<void> {
  return async (job) => {
    await engine.deliver(sendJob.parse(job).messageIds);
  };
}
