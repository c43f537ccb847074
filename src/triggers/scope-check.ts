import type { MatchingIssue } from './definition-check.ts';
import { openDoors } from './price.ts';

type Scope = Parameters<typeof openDoors>[0] & { activeFrom: string | null; activeUntil: string | null };

/** What keeps a trigger from ever firing, whatever anybody says. */
export function scopeIssues(scope: Scope): MatchingIssue[] {
  const issues: MatchingIssue[] = [];
  if (openDoors(scope).length === 0) {
    const message =
      'leave no way in: triggers for certain posts, and those of the mode any, have no private door; add comment';
    issues.push({ path: ['doors'], message });
  }
  const { activeFrom, activeUntil } = scope;
  if (activeFrom !== null && activeUntil !== null && Date.parse(activeUntil) <= Date.parse(activeFrom)) {
    issues.push({ path: ['activeUntil'], message: 'must be later than activeFrom' });
  }
  return issues;
}
