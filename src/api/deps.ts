import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify';
import type { BackfillPreviews } from '../backfill/preview.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import type { DeliveryActions } from '../deliveries/actions.ts';
import type { PlatformAdapter } from '../platforms/port.ts';

/** What the routes work with. */
export interface RouteDeps {
  prisma: PrismaClient;
  platforms: ReadonlyMap<string, PlatformAdapter>;
  secretBox: SecretBox;
  deliveries: DeliveryActions;
  backfills: BackfillPreviews;
  now: () => Date;
}

export interface AppDeps extends Omit<RouteDeps, 'now'> {
  /** Under which address people reach the API, without a slash at its end; left out when nobody has said. */
  publicUrl?: string | undefined;
  /** `true` for one of its own; nothing is logged without. */
  logger?: FastifyBaseLogger | boolean;
  /** Routes that are not part of the REST API, such as webhooks; their errors become problem documents as well. */
  plugins?: FastifyPluginAsync[];
  now?: () => Date;
}
