import type { SecretBox } from '../crypto/secret-box.ts';
import type { AccountId } from '../ids.ts';
import type { Credentials } from '../platforms/port.ts';

/** An account's credentials as they are stored. */
export interface SealedCredentials {
  credentials: Buffer<ArrayBuffer>;
  credentialsKeyId: string;
}

export function sealCredentials(
  box: SecretBox,
  accountId: AccountId,
  { accessToken }: Credentials,
): SealedCredentials {
  const { sealed, keyId } = box.seal(JSON.stringify({ accessToken }), context(accountId));
  return { credentials: sealed, credentialsKeyId: keyId };
}

/** @throws when the account is disconnected, or the key that sealed its credentials is not at hand */
export function openCredentials(
  box: SecretBox,
  account: { id: AccountId; credentials: Uint8Array | null; credentialsKeyId: string | null },
): Credentials {
  if (!account.credentials || !account.credentialsKeyId) {
    throw new Error(`account ${account.id} has no credentials`);
  }
  const opened = box.open(account.credentials, account.credentialsKeyId, context(account.id));
  const { accessToken } = JSON.parse(opened) as Credentials;
  return { accessToken };
}

/** Bound to the account, so that a row's credentials are of no use in another row. */
function context(accountId: AccountId): string {
  return `account:${accountId}`;
}
