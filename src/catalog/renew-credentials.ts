import type pg from 'pg';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { AccountId } from '../ids.ts';
import type { Credentials } from '../platforms/port.ts';
import { sealCredentials } from './credentials.ts';

/** When newer credentials are first asked for: Instagram renews tokens that are a day old, not sooner. */
const firstRefreshMs = 25 * 60 * 60_000;

/** The platform does not say how old a token is that somebody brings along. */
export function unknownAge(now: Date): { credentialsExpireAt: null; refreshAt: Date } {
  return { credentialsExpireAt: null, refreshAt: new Date(now.getTime() + firstRefreshMs) };
}

/** Stores newer credentials, unless others were stored meanwhile. */
export async function renewCredentials(
  pool: pg.Pool,
  secretBox: SecretBox,
  account: { id: AccountId; credentials: Buffer },
  renewed: { credentials: Credentials; expiresAt: Date },
  now: Date,
): Promise<void> {
  const { credentials, expiresAt } = renewed;
  const lifeMs = expiresAt.getTime() - now.getTime();
  const sealed = sealCredentials(secretBox, account.id, credentials);
  await pool.query(
    `update accounts
     set credentials = $3, credentials_key_id = $4, credentials_expire_at = $5, refresh_at = $6
     where id = $1 and credentials = $2`,
    [
      account.id,
      account.credentials,
      sealed.credentials,
      sealed.credentialsKeyId,
      expiresAt,
      new Date(now.getTime() + Math.max(firstRefreshMs, lifeMs / 2)),
    ],
  );
}
