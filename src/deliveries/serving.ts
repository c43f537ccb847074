import type { Frequency } from '../triggers/definition.ts';

/**
 * Within what a trigger serves one contact once, as rows say it.
 * @param frequency undefined in versions that were stored before there was a choice
 * @param post the post that was commented on, for "once per post"
 */
export function servingOf(
  frequency: Frequency | undefined,
  post: string,
): { serving_scope: string | null; every_days: number | null } {
  if (frequency === 'unlimited') return { serving_scope: null, every_days: null };
  if (frequency === undefined || frequency === 'once_per_trigger')
    return { serving_scope: '', every_days: null };
  if (frequency === 'once_per_post') return { serving_scope: post, every_days: null };
  return { serving_scope: '', every_days: frequency.everyDays };
}
