import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import type { Account, PrismaClient, Resource } from '../../db/generated/client.ts';
import { triggerDefinition } from '../../triggers/definition.ts';
import type { TriggerRow } from '../trigger-views.ts';
import { findAccounts, readPresent } from './account.ts';

const heading = `# Triggers of one account: \`npm run fairdrop -- triggers diff|apply <this file>\`.
# What is left out has its default. docs/triggers-as-code.md explains it.
`;

/**
 * The triggers of an account, without the archived ones, with the resources that they give: a file that changes nothing
 * when it is applied.
 * @returns why not, where two of them could not be told apart by their names
 */
export async function exportTriggers(
  prisma: PrismaClient,
  account: Account,
): Promise<{ ok: true; text: string } | { ok: false; reason: string }> {
  const { triggers, resources } = await readPresent(prisma, account);
  const given = new Set(triggers.map(({ resourceId }) => resourceId));
  const used = resources.filter(({ id }) => given.has(id));
  const usedNames = new Set(used.map(({ name }) => name));
  const doubles = [...sameNames(triggers), ...sameNames(resources.filter(({ name }) => usedNames.has(name)))];
  if (doubles.length > 0) {
    const reason = `In a file a trigger goes by its name, and so does a resource; here some have the same: ${doubles.join(', ')}. Rename them first.`;
    return { ok: false, reason };
  }
  const nameOf = new Map(used.map(({ id, name }) => [id, name]));
  const { username, workspaceId, platform, externalId: id } = account;
  const namesakes = username === null ? [] : await findAccounts(prisma, workspaceId, { platform, username });
  const isNamed = namesakes.length === 1 && namesakes[0]?.id === account.id;
  const file = {
    version: 1,
    account: isNamed ? { platform, username } : { platform, id },
    resources: used.map(toEntry),
    triggers: triggers.map((trigger) => ({
      name: trigger.name,
      resource: nameOf.get(trigger.resourceId),
      ...(trigger.state !== 'active' && { state: trigger.state }),
      ...(trigger.priority !== 0 && { priority: trigger.priority }),
      ...withoutDefaults(trigger),
    })),
  };
  return { ok: true, text: heading + toYaml(file) };
}

/** Lines of text as lines, where they survive it: YAML's own way of writing them loses some white space at the edges. */
export function toYaml(value: object): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const readable = stringify(value, options);
  return isDeepStrictEqual(parse(readable), value)
    ? readable
    : stringify(value, { ...options, blockQuote: false });
}

function toEntry({ name, kind, url, text }: Resource) {
  return kind === 'link' ? { name, kind, url } : { name, kind, text };
}

function sameNames(rows: readonly { name: string }[]): string[] {
  return [...Map.groupBy(rows, ({ name }) => name)]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => `${same.length} × ${JSON.stringify(name)}`);
}

/** Whatever reads the same without it is left out: nothing here has to know the fields. */
function withoutDefaults({ definition }: TriggerRow): object {
  const read = triggerDefinition.safeParse(definition);
  // What would no longer be accepted is for its owner to see.
  if (!read.success) return definition;
  const whole = read.data;
  const lean = structuredClone(whole) as unknown;
  drop(lean);
  return lean as object;

  function drop(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const entry of node) drop(entry);
      return;
    }
    const object = node as Record<string, unknown>;
    for (const [name, value] of Object.entries(object)) {
      delete object[name];
      if (isDeepStrictEqual(triggerDefinition.safeParse(lean).data, whole)) continue;
      object[name] = value;
      drop(value);
    }
  }
}
