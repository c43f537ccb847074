import { completed } from './definition.ts';
import { hashtagOf } from './keyword.ts';
import {
  comesFirst,
  compileTriggers,
  type MatchableComment,
  type MatchableTrigger,
  type TriggerSet,
} from './matcher.ts';

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
 * Tries out what each of them listens for on the other, one by one: of all together only the first would be heard. Dates
 * and hours are not looked at: they pass. Of those that collide on the same words the first is named.
 */
export function findCollisions(trigger: MatchableTrigger, others: readonly MatchableTrigger[]): Collision[] {
  const found: Collision[] = [];
  const own = compileTriggers([always(trigger)]);
  const samples = samplesOf(trigger);
  for (const other of others) {
    if (found.length >= maxCollisions) break;
    if (other.state !== 'active') continue;
    const places = placesOfBoth(trigger, other);
    if (places.length === 0) continue;
    const their = compileTriggers([always(other)]);
    const hears = (set: TriggerSet, text: string) =>
      places.some((place) => set.match({ ...place, text }).matched);
    const text =
      samples.find((sample) => hears(their, sample) && hears(own, sample)) ??
      samplesOf(other).find((sample) => hears(own, sample) && hears(their, sample));
    if (text !== undefined) found.push({ other, text, wins: comesFirst(trigger, other) });
  }
  return found;
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

/** Where both of them listen: a post that both count on, a private message. */
function placesOfBoth(one: MatchableTrigger, other: MatchableTrigger): Omit<MatchableComment, 'text'>[] {
  const { doors, mediaIds } = completed(one.definition);
  const { doors: theirDoors, mediaIds: theirs } = completed(other.definition);
  const somewhere = new Set(theirs);
  const shared =
    mediaIds.length > 0 && theirs.length > 0
      ? mediaIds.filter((id) => somewhere.has(id))
      : [...mediaIds, ...theirs];
  const never = mediaIds.length > 0 && theirs.length > 0 && shared.length === 0;
  return doors
    .filter((door) => theirDoors.includes(door) && !(door === 'comment' && never))
    .map((door) => ({
      isReply: false,
      mediaId: door === 'comment' ? (shared[0] ?? null) : null,
      door,
      at: new Date(0),
    }));
}
