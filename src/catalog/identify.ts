import type { PlatformAdapter } from '../platforms/port.ts';
import { Problem } from '../problem.ts';

export type Platforms = ReadonlyMap<string, PlatformAdapter>;

/** The account that a credential belongs to, as the platform names it. */
export interface Owner {
  externalId: string;
  username: string | null;
}

export function adapterFor(platforms: Platforms, platform: string): PlatformAdapter {
  const adapter = platforms.get(platform);
  if (adapter) return adapter;
  const known = [...platforms.keys()].join(', ') || 'none';
  throw new Problem(
    422,
    'platform_unknown',
    `This installation does not know this platform. It knows: ${known}.`,
    {
      field: '/platform',
    },
  );
}

/**
 * Asks the platform whose credential this is. Takes as long as the platform takes: never within a transaction.
 * @param expected the account it has to be; any will do when it is left out
 */
export async function identifyOwner(
  adapter: PlatformAdapter,
  accessToken: string,
  expected: string | undefined,
): Promise<Owner> {
  const answer = await adapter.identify({ accessToken });
  switch (answer.kind) {
    case 'refused':
      throw new Problem(
        422,
        'credentials_refused',
        `The platform refuses this access token: ${quote(answer.detail, accessToken)} Create a new one and try again.`,
        { field: '/accessToken' },
      );
    case 'unavailable':
      throw new Problem(
        502,
        'platform_unavailable',
        `The platform could not be asked whose access token this is: ${quote(answer.detail, accessToken)} Nothing was changed; try again later.`,
      );
    case 'identified':
      break;
    default:
      answer satisfies never;
      throw new Error('unreachable');
  }
  if (expected !== undefined && expected !== answer.externalId) {
    throw new Problem(
      422,
      'account_mismatch',
      `This access token belongs to account ${answer.externalId}, not to ${expected}. Use a token of the right account.`,
      { field: '/accessToken' },
    );
  }
  return { externalId: answer.externalId, username: answer.username };
}

/** A platform's words as part of a sentence, without the token, should it repeat it. */
function quote(detail: string, accessToken: string): string {
  const clean = detail.replaceAll(accessToken, '[access token]').trim().slice(0, 500);
  return /[.!?]$/.test(clean) ? clean : `${clean}.`;
}
