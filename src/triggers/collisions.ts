import { completed } from './definition.ts';
import { hashtagOf } from './keyword.ts';
import { comesFirst, compileTriggers, type MatchableTrigger } from './matcher.ts';

/** Two active triggers that one comment could fire; it gets the answer of the one that comes first. */
export interface Collision {
  other: MatchableTrigger;
  /** What somebody could say for both to fire. */
  text: string;
  /** Whether the trigger that was asked about comes first. */
  wins: boolean;
}

/** More would not be read. */
const maxCollisions = 20;

/**
 * Tries out what each of them listens for on the others. Dates and hours are not looked at: they pass. Of those that collide
 * on the same words the first is named.
 */
export function findCollisions(trigger: MatchableTrigger, others: readonly MatchableTrigger[]): Collision[] {
  const found = new Map<string, Collision>();
  const note = (other: MatchableTrigger, text: string) => {
    if (!found.has(other.id)) found.set(other.id, { other, text, wins: comesFirst(trigger, other) });
  };
  const theirs = compileTriggers(others.map(always));
  for (const text of samplesOf(trigger)) {
    const match = theirs.match(said(text, trigger));
    if (match.matched) note(match.trigger, text);
  }
  const own = compileTriggers([always(trigger)]);
  for (const other of others) {
    if (found.size >= maxCollisions) break;
    if (found.has(other.id) || other.state !== 'active') continue;
    const text = samplesOf(other).find((sample) => own.match(said(sample, other)).matched);
    if (text !== undefined) note(other, text);
  }
  return [...found.values()].slice(0, maxCollisions);
}

/** Whatever keeps it from being asked now. */
function always(trigger: MatchableTrigger): MatchableTrigger {
  const definition = {
    ...completed(trigger.definition),
    activeFrom: null,
    activeUntil: null,
    activeHours: null,
  };
  return { ...trigger, definition };
}

/** What fires a trigger, if nothing else is against it. */
function samplesOf({ definition }: MatchableTrigger): string[] {
  const { mode, keywords } = completed(definition);
  switch (mode) {
    case 'any':
      return ['anything'];
    case 'all':
      return [keywords.join(' ')];
    case 'hashtag':
      return keywords.map((keyword) => `#${hashtagOf(keyword)}`);
    default:
      return [...keywords];
  }
}

function said(text: string, { definition }: MatchableTrigger) {
  const { doors, mediaIds } = completed(definition);
  return {
    text,
    isReply: false,
    mediaId: mediaIds[0] ?? null,
    door: doors[0] ?? 'comment',
    at: new Date(0),
  };
}
