import type { MatchableComment, Rule } from './rules.ts';

/** What keeps a trigger from firing although its keyword is there. */
export type ScopeMiss = 'replies_not_wanted' | 'other_post';

export function scopeMiss({ takesReplies, mediaIds }: Rule, comment: MatchableComment): ScopeMiss | null {
  if (comment.isReply && !takesReplies) return 'replies_not_wanted';
  if (mediaIds.size > 0 && (comment.mediaId === null || !mediaIds.has(comment.mediaId))) return 'other_post';
  return null;
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

  /** Those that want more than this keyword: others beside it, or none of some words. */
  get careful(): readonly Rule[] {
    return this.#careful ?? nobody;
  }

  /** To be called in the order of arbitration. */
  add(rule: Rule): void {
    if (rule.rules.mode === 'all' || rule.rules.mode === 'any' || rule.exclude.length > 0) {
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
    const here = comment.mediaId === null ? undefined : this.#byPost?.get(comment.mediaId);
    const one = this.#everywhere && firstTaking(this.#everywhere, comment);
    const other = here && firstTaking(here, comment);
    if (one || other) return !other || (one && one.rank < other.rank) ? one! : other;
    const count = (listed: Listed | null | undefined) =>
      (comment.isReply ? listed?.takingReplies : listed?.rules.length) ?? 0;
    if (count(this.#somewhere) > count(here)) return 'other_post';
    return this.hasSimple ? 'replies_not_wanted' : null;
  }
}

/** Every one of them counts on this post, so only a reply can be refused. */
function firstTaking({ rules, takingReplies }: Listed, { isReply }: MatchableComment): Rule | undefined {
  if (!isReply) return rules[0];
  return takingReplies === 0 ? undefined : rules.find((rule) => rule.takesReplies);
}
