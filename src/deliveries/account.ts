import type { AccountId } from '../ids.ts';
import type { Credentials, PlatformAdapter, SendingAccount } from '../platforms/port.ts';

/** An account as it is stored, with what it takes to act in its name. */
export interface SealedAccount {
  id: AccountId;
  platform: string;
  externalId: string;
  credentials: Buffer;
  credentialsKeyId: string;
}

/** How to get from a stored account to its platform. */
export interface OpenAccount {
  adapterFor(platform: string): PlatformAdapter | undefined;
  adapters(): PlatformAdapter[];
  /** @throws when the key that sealed the credentials is not at hand */
  credentialsOf(account: SealedAccount): Credentials;
}

export type OpenedAccount =
  | { ok: true; adapter: PlatformAdapter; sending: SendingAccount }
  | { ok: false; reason: 'platform_missing' | 'credentials_unreadable'; detail: string };

/** Never throws: what keeps this process from acting for an account is no fact about the account. */
export function openAccount(open: OpenAccount, account: SealedAccount): OpenedAccount {
  const adapter = open.adapterFor(account.platform);
  if (!adapter) {
    const detail = `this version of Fairdrop has no platform "${account.platform}"`;
    return { ok: false, reason: 'platform_missing', detail };
  }
  try {
    const { externalId } = account;
    return { ok: true, adapter, sending: { externalId, credentials: open.credentialsOf(account) } };
  } catch {
    const detail = 'the stored credentials cannot be decrypted: was ENCRYPTION_KEY changed?';
    return { ok: false, reason: 'credentials_unreadable', detail };
  }
}
