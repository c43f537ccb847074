/**
 * Why an event ended as it did. Stored with the event, so a name here never changes its meaning; the sentences may.
 */
const sentences = {
  trigger_matched: 'A trigger matched and a delivery was started.',
  no_trigger: 'The account has no active trigger.',
  keyword_absent: 'None of the keywords stands in the comment in the way that its trigger asks for.',
  keyword_refused: 'A keyword stands in the comment, but the comment says that it is not wanted.',
  excluded_word: 'A keyword stands in the comment, but so does a word that the trigger excludes.',
  replies_not_wanted: 'A keyword matched, but this is a reply to another comment and the trigger takes none.',
  door_closed: 'A keyword matched, but the trigger does not answer to what comes in this way.',
  other_post: 'A keyword matched, but the trigger counts on other posts only.',
  outside_dates: 'A keyword matched, but before the trigger began to count, or after it ended.',
  outside_hours: 'A keyword matched, but outside of the hours in which the trigger counts.',
  own_comment: 'The account wrote this comment itself.',
  author_unknown: 'The platform did not say who wrote it, so it could be the account itself.',
  unknown_account: 'It names an account that is not connected here.',
  not_a_comment:
    'It is neither a comment nor a private message with a text that may be answered: only these start a delivery.',
  echo: 'It is the echo of a message that the account itself sent.',
  unsupported: 'It is of a kind that Fairdrop does not know.',
  unreadable: 'It could not be read.',
  message_unrenderable:
    'A trigger matched, but none of its templates gives a message that the platform would take.',
  window_over:
    'A trigger matched, but the comment was found in a list only when it was too old to be answered.',
  hidden_comment: 'A trigger matched, but the comment was hidden when it was found in a list.',
} as const;

export type EventReason = keyof typeof sentences;

export const eventReasons = Object.keys(sentences) as EventReason[];

export function describeReason(reason: EventReason): string {
  return sentences[reason];
}
