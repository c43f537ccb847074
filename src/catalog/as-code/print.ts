import type { FieldChange } from '../settings-diff.ts';
import type { Plan } from './plan.ts';

const signs = { add: '+', change: '~' } as const;

/** What an apply does, line by line: `+` is added, `~` changed, `-` archived or said before. */
export function printPlan(plan: Plan): string[] {
  const lines: string[] = [];
  for (const [what, entries] of [
    ['resource', plan.resources],
    ['trigger', plan.triggers],
  ] as const) {
    for (const { action, name, changes } of entries) {
      if (action === 'keep') continue;
      lines.push(`${signs[action]} ${what} ${quoted(name)}`, ...changes.flatMap(printChange));
    }
  }
  for (const { name } of plan.others) {
    lines.push(
      plan.prune
        ? `- trigger ${quoted(name)} (archived: it is not in the file)`
        : `  trigger ${quoted(name)} is not in the file and stays as it is (--prune archives it)`,
    );
  }
  return [...lines, summary(plan)];
}

function summary({ resources, triggers, others, prune }: Plan): string {
  const all = [...resources, ...triggers];
  const count = (wanted: string) => all.filter(({ action }) => action === wanted).length;
  const archived = prune ? others.length : 0;
  return `${count('add')} to add, ${count('change')} to change, ${archived} to archive, ${count('keep')} unchanged`;
}

function printChange({ field, before, after }: FieldChange): string[] {
  const name = field.slice(1);
  // Its name is what it goes by.
  if (name === 'name') return [];
  return [
    ...(before === null ? [] : [`    - ${name}: ${quoted(before)}`]),
    ...(after === null ? [] : [`    + ${name}: ${quoted(after)}`]),
  ];
}

/** Nothing in it controls a terminal or turns the writing around. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
