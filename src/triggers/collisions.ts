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
  const active = others.filter(({ state }) => state === 'active');
  const samples = samplesOf(trigger);
  const own = compileTriggers([always(trigger)]);
  const ownWords = compileTriggers([everywhere(trigger)]);
  const heard = heardBy(compileTriggers(active.map(everywhere)), samples);
  for (const other of active) {
    if (found.length >= maxCollisions) break;
    // To compile each takes long, so only those whose words fit.
    const theirs = samplesOf(other).filter((text) => ownWords.match(anywhere(text)).matched);
    if (theirs.length === 0 && !heard.has(other.id)) continue;
    const places = placesOfBoth(trigger, other);
    const both = [own, compileTriggers([always(other)])];
    const text = [...samples, ...theirs].find((sample) =>
      places.some((place) => both.every((set) => set.match({ ...place, text: sample }).matched)),
    );
    if (text !== undefined) found.push({ other, text, wins: comesFirst(trigger, other) });
  }
  return found;
}

/** Those of a set that any of the texts fires, or would if they came first. */
function heardBy(set: TriggerSet, texts: readonly string[]): Set<string> {
  const ids = new Set<string>();
  for (const text of texts) {
    if (!set.match(anywhere(text)).matched) continue;
    for (const { trigger, verdict } of set.explain(anywhere(text))) {
      if (verdict === 'fired' || verdict === 'outranked') ids.add(trigger.id);
    }
  }
  return ids;
}

function anywhere(text: string): MatchableComment {
  return { text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) };
}

/** By its words alone. */
function everywhere(trigger: MatchableTrigger): MatchableTrigger {
  const { definition, ...rest } = always(trigger);
  return { ...rest, definition: { ...definition, mediaIds: [], doors: ['comment'] } };
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
