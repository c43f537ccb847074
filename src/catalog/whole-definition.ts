import { type TriggerDefinition, triggerDefinition } from '../triggers/definition.ts';

/**
 * A definition as it counts today. One that is older than one of the fields gets that field's default, so that a field
 * that we added is nobody's change; one that would no longer be accepted stays as it was written.
 */
export function wholeDefinition(stored: unknown): TriggerDefinition {
  const read = triggerDefinition.safeParse(stored);
  return read.success ? read.data : (stored as TriggerDefinition);
}
