import { isDeepStrictEqual } from 'node:util';
import { pointerToken } from '../json-pointer.ts';

/** One field that two settings differ in: a JSON pointer, and what each says there; null where it says nothing. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

/**
 * Objects are compared field by field, and lists of objects entry by entry while nothing was added or removed; every
 * other list is one value, because it is written as one.
 */
export function fieldChanges(before: unknown, after: unknown, pointer = ''): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      fieldChanges(before[name], after[name], `${pointer}/${pointerToken(name)}`),
    );
  }
  if (isList(before) && isList(after) && before.length === after.length) {
    return before.flatMap((entry, index) => fieldChanges(entry, after[index], `${pointer}/${index}`));
  }
  return [{ field: pointer, before: before ?? null, after: after ?? null }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of objects. */
function isList(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every(isObject);
}
