import type { TriggerVerdict } from '../triggers/matcher.ts';

/**
 * A trigger's verdict in one sentence.
 * @param nameOf the name of a trigger by its id
 */
export function describeVerdict(verdict: TriggerVerdict, nameOf: (triggerId: string) => string): string {
  switch (verdict.verdict) {
    case 'fired':
      return `It fired: the keyword "${verdict.hit.keyword}" stands in the comment.`;
    case 'outranked':
      return `The keyword "${verdict.hit.keyword}" stands in the comment too, but the trigger "${nameOf(verdict.by)}" comes first, and one comment gets one answer.`;
    case 'keyword_absent':
      return 'None of its keywords stands in the comment as a whole word.';
    case 'replies_not_wanted':
      return `The keyword "${verdict.hit.keyword}" stands in the comment, but this is a reply to another comment, and the trigger takes none.`;
    case 'other_post':
      return `The keyword "${verdict.hit.keyword}" stands in the comment, but on a post where the trigger does not count.`;
    case 'not_active':
      return verdict.state === 'draft'
        ? 'It was a draft when the comment came.'
        : `It was ${verdict.state} when the comment came.`;
    default:
      return verdict satisfies never;
  }
}
