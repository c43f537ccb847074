import type { MatchableComment, Rule } from './rules.ts';
import { type ScheduleMiss, scheduleMiss } from './schedule.ts';

/** What keeps a trigger from firing although its keyword is there. */
export type ScopeMiss = 'door_closed' | 'replies_not_wanted' | 'other_post' | ScheduleMiss;

/** The first reason that applies: door, reply, post, time. */
export function scopeMiss(rule: Rule, comment: MatchableComment): ScopeMiss | null {
  const { takesReplies, rules, doors, mediaIds, schedule } = rule;
  if (!doors.includes(comment.door)) return 'door_closed';
  // Or the machine would answer whatever anybody writes.
  if (comment.door === 'private' && rules.mode === 'any') return 'door_closed';
  if (comment.isReply && !takesReplies) return 'replies_not_wanted';
  if (mediaIds.size > 0 && (comment.mediaId === null || !mediaIds.has(comment.mediaId))) return 'other_post';
  return schedule && scheduleMiss(schedule, comment.at);
}

const nobody: readonly Rule[] = [];

/** Rules that count on the same posts, in the order of arbitration. */
class Listed {
  readonly rules: Rule[] = [];
  takingReplies = 0;

  add(rule: Rule): void {
    this.rules.push(rule);
    if (rule.takesReplies) this.takingReplies += 1;
  }
}

/**
 * Who listens for one keyword. By posts, because creators make a trigger for each post and use the same word under all of
 * them: a comment is offered to the few that could take it, and not to the thousands of other posts.
 */
export class Listeners {
  // Made when they are needed: there is one of this for each keyword, and most keywords have one listener.
  #everywhere: Listed | null = null;
  #somewhere: Listed | null = null;
  #byPost: Map<string, Listed> | null = null;
  #careful: Rule[] | null = null;

  /** Those that want more than this keyword: others beside it, none of some words, a certain door or time. */
  get careful(): readonly Rule[] {
    return this.#careful ?? nobody;
  }

  /** To be called in the order of arbitration. */
  add(rule: Rule): void {
    if (isCareful(rule)) {
      this.#careful ??= [];
      this.#careful.push(rule);
      return;
    }
    if (rule.mediaIds.size === 0) {
      this.#everywhere ??= new Listed();
      this.#everywhere.add(rule);
      return;
    }
    this.#somewhere ??= new Listed();
    this.#somewhere.add(rule);
    this.#byPost ??= new Map();
    for (const mediaId of rule.mediaIds) {
      const listed = this.#byPost.get(mediaId) ?? new Listed();
      listed.add(rule);
      this.#byPost.set(mediaId, listed);
    }
  }

  get hasSimple(): boolean {
    return this.#everywhere !== null || this.#somewhere !== null;
  }

  /** The first rule that wants nothing but this keyword and takes the comment, or why none does. */
  first(comment: MatchableComment): Rule | ScopeMiss | null {
    if (comment.door === 'private') return this.#firstTakingMessages();
    const here = comment.mediaId === null ? undefined : this.#byPost?.get(comment.mediaId);
    const one = this.#everywhere && firstTaking(this.#everywhere, comment);
    const other = here && firstTaking(here, comment);
    if (one || other) return !other || (one && one.rank < other.rank) ? one! : other;
    const count = (listed: Listed | null | undefined) =>
      (comment.isReply ? listed?.takingReplies : listed?.rules.length) ?? 0;
    if (count(this.#somewhere) > count(here)) return 'other_post';
    return this.hasSimple ? 'replies_not_wanted' : null;
  }

  #firstTakingMessages(): Rule | ScopeMiss | null {
    const first = this.#everywhere?.rules.find(({ doors }) => doors.includes('private'));
    if (first) return first;
    if (this.#somewhere?.rules.some(({ doors }) => doors.includes('private'))) return 'other_post';
    return this.hasSimple ? 'door_closed' : null;
  }
}

function isCareful({ rules: { mode }, exclude, doors, schedule }: Rule): boolean {
  const wantsMore = mode === 'all' || mode === 'any' || exclude.length > 0;
  return wantsMore || !doors.includes('comment') || schedule !== null;
}

/** Every one of them counts on this post, so only a reply can be refused. */
function firstTaking({ rules, takingReplies }: Listed, { isReply }: MatchableComment): Rule | undefined {
  if (!isReply) return rules[0];
  return takingReplies === 0 ? undefined : rules.find((rule) => rule.takesReplies);
}
