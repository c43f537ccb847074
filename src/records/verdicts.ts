import type { KeywordHit, TriggerVerdict } from '../triggers/matcher.ts';
import type { NearMiss } from '../triggers/near-miss.ts';

/**
 * A trigger's verdict in one sentence.
 * @param nameOf the name of a trigger by its id
 */
export function describeVerdict(verdict: TriggerVerdict, nameOf: (triggerId: string) => string): string {
  switch (verdict.verdict) {
    case 'fired':
      return `It fired: ${stands(verdict.hit)}.`;
    case 'outranked':
      return `It would fire, as ${stands(verdict.hit)}, but the trigger "${nameOf(verdict.by)}" comes first, and one comment gets one answer.`;
    case 'keyword_absent':
      return describeAbsence(verdict.present, verdict.near);
    case 'keyword_refused':
      return verdict.hit.how === 'any'
        ? 'It takes every comment, but this one asks not to be answered.'
        : `${capital(stands(verdict.hit))}, but it says that it is not wanted.`;
    case 'excluded_word':
      return `${capital(stands(verdict.hit))}, but so does "${verdict.excluded.keyword}", which the trigger excludes.`;
    case 'replies_not_wanted':
      return `${capital(stands(verdict.hit))}, but this is a reply to another comment, and the trigger takes none.`;
    case 'other_post':
      return `${capital(stands(verdict.hit))}, but on a post where the trigger does not count.`;
    case 'door_closed':
      return `${capital(stands(verdict.hit))}, but the trigger does not answer to what comes in this way.`;
    case 'outside_dates':
      return `${capital(stands(verdict.hit))}, but before the trigger began to count, or after it ended.`;
    case 'outside_hours':
      return `${capital(stands(verdict.hit))}, but outside of the hours in which the trigger counts.`;
    case 'not_active':
      return verdict.state === 'draft'
        ? 'It was a draft when the comment came.'
        : `It was ${verdict.state} when the comment came.`;
    default:
      return verdict satisfies never;
  }
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

const manners: Record<KeywordHit['how'], string> = {
  any: '',
  exact: '',
  folded: '',
  stretched: ', with letters held down',
  typo: ', misspelt',
};

function stands({ keyword, how, mode, parts }: KeywordHit): string {
  if (how === 'any') return 'it takes every comment';
  const what = parts ? `each of its keywords (${keyword}) stands` : `the keyword "${keyword}" stands`;
  const where = {
    exact: 'alone in the comment',
    hashtag: 'in the comment as a hashtag',
  } as Partial<Record<typeof mode, string>>;
  return `${what} ${where[mode] ?? 'in the comment'}${manners[how]}`;
}

const nearly: Record<NearMiss['why'], string> = {
  other_words: 'stands in the comment, but not alone',
  not_a_hashtag: 'stands in the comment, but not as a hashtag',
  apart: 'stands in the comment, but its words are apart',
  slip: 'stands in the comment only misspelt',
  inside_a_word: 'stands in the comment only inside of a longer word',
  in_an_address: 'stands in the comment only in a mention, a link or an e-mail address',
};

function describeAbsence(present: readonly string[], near: NearMiss | null): string {
  const some =
    present.length > 0
      ? `Of its keywords, only ${present.map((each) => `"${each}"`).join(', ')} stood there. `
      : '';
  if (near) return `${some}It lacks its keyword: "${near.keyword}" ${nearly[near.why]}.`;
  return some === '' ? 'None of its keywords stands in the comment.' : some.trim();
}
