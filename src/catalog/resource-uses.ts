import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Resource } from '../db/generated/client.ts';
import type { ResourceId } from '../ids.ts';
import { type FieldError, maxErrors, Problem } from '../problem.ts';
import { completed, type StoredDefinition, type TriggerState } from '../triggers/definition.ts';
import type { Platforms } from './identify.ts';
import { templateErrors } from './template-check.ts';
import type { Tx } from './transaction.ts';

/** A trigger, not archived, that gives the resource. */
interface Use {
  triggerId: string;
  name: string;
  state: TriggerState;
  definition: StoredDefinition;
  accountId: string;
  accountUsername: string | null;
  platform: string;
}

/** The most triggers that a refusal names. */
const namedTriggers = 10;

async function findUses(tx: Tx, id: ResourceId): Promise<Use[]> {
  return tx.$queryRaw<Use[]>`
    select t.id as "triggerId", v.name, v.state, v.definition, a.id as "accountId",
           a.username as "accountUsername", a.platform
    from trigger_versions v
    join triggers t on t.id = v.trigger_id and t.version = v.version
    join accounts a on a.id = t.account_id
    where v.resource_id = ${id}::uuid and v.state <> 'archived'
    order by t.id`;
}

/** @throws Problem naming the triggers that give this resource */
export async function refuseUse(tx: Tx, id: ResourceId): Promise<void> {
  const uses = await findUses(tx, id);
  if (uses.length === 0) return;
  const names = uses.slice(0, namedTriggers).map((use) => `"${use.name}" (${use.triggerId})`);
  const more = uses.length - names.length;
  throw new Problem(
    409,
    'resource_in_use',
    `In use by the trigger${uses.length > 1 ? 's' : ''} ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}. Archive what uses it, or let it give another resource, first.`,
  );
}

/**
 * Checks the templates of all triggers that give the resource as it is now, and makes intake read it again: it keeps
 * resources together with compiled triggers, for as long as the account's revision stands.
 * @throws Problem naming trigger and template, for example when a longer URL no longer fits
 */
export async function renewUses(tx: Tx, platforms: Platforms, resource: Resource): Promise<void> {
  const uses = await findUses(tx, resource.id);
  const errors = await firstErrors(uses, platforms, resource);
  if (errors.length > 0) {
    throw new Problem(
      422,
      'template_invalid',
      `With this change a trigger could no longer answer: ${errors[0]?.message}. Change the trigger first.`,
      { errors },
    );
  }
  const accountIds = [...new Set(uses.map((use) => use.accountId))];
  await tx.account.updateMany({
    where: { id: { in: accountIds } },
    data: { triggerRevision: { increment: 1 } },
  });
}

/** No more than an answer lists. Any number of triggers may give the resource: between two of them others have a turn. */
async function firstErrors(
  uses: readonly Use[],
  platforms: Platforms,
  resource: Resource,
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  for (const use of uses) {
    errors.push(...useErrors(use, platforms, resource));
    if (errors.length >= maxErrors) break;
    await nextTurn();
  }
  return errors;
}

function useErrors(use: Use, platforms: Platforms, resource: Resource): FieldError[] {
  const adapter = platforms.get(use.platform);
  // A platform that is no longer set up answers nobody: its triggers stand in nobody's way.
  if (!adapter) return [];
  const context = {
    resource: { name: resource.name, url: resource.url, text: resource.text },
    account: { username: use.accountUsername },
  };
  return templateErrors(completed(use.definition), context, adapter).map((error) => ({
    field: resource.kind === 'link' ? '/url' : '/text',
    message: `the template ${error.field} of the trigger "${use.name}" (${use.triggerId}) ${error.message}`,
  }));
}
