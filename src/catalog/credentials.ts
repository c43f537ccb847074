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

/** The most accounts whose opened credentials are kept. */
const maxOpened = 10_000;

/**
 * Opens each account's credentials once, and again when others were stored: a message is sent by the thousand, its
 * account's credentials change every few weeks.
 */
export function createCredentialsOpener(
  box: SecretBox,
): (account: { id: AccountId; credentials: Buffer; credentialsKeyId: string }) => Credentials {
  const opened = new Map<AccountId, { sealed: Buffer; credentials: Credentials }>();
  return (account) => {
    const known = opened.get(account.id);
    if (known?.sealed.equals(account.credentials)) return known.credentials;
    const credentials = openCredentials(box, account);
    if (opened.size >= maxOpened) opened.clear();
    opened.set(account.id, { sealed: account.credentials, credentials });
    return credentials;
  };
}

/** Bound to the account, so that a row's credentials are of no use in another row. */
function context(accountId: AccountId): string {
  return `account:${accountId}`;
}
