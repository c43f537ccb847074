/**
 * Is a message in the conversation with its person? Source: "Get Conversations" of
 * developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/conversations-api.
 */

import type { SendingAccount, SoughtMessage } from '../port.ts';
import { segment } from './address.ts';
import { isRecord } from './json.ts';
import { type Read, type Reader, readPage } from './read.ts';
import { earliestTrace, isSameText, pickOwn } from './traces.ts';
import { readId, readText, readTime } from './values.ts';

type Item = Record<string, unknown>;

/** Instagram gives the details of the 20 most recent messages and no others (same page). */
const readableMessages = 20;

export type Search =
  | { kind: 'found'; externalId: string; recipientId: string }
  /** `provesAbsence`: a message that had been sent would be among those that were read. */
  | { kind: 'missing'; provesAbsence: boolean; detail: string }
  | { kind: 'failed'; read: Extract<Read, { ok: false }> };

const missing = (detail: string, provesAbsence = false): Search => ({
  kind: 'missing',
  provesAbsence,
  detail,
});

/** @param personId by whom the person is known in messages */
export async function findMessage(
  reader: Reader,
  sought: SoughtMessage,
  account: SendingAccount,
  personId: string,
): Promise<Search> {
  const read = await reader.get(`/${segment(account.externalId)}/conversations`, {
    platform: 'instagram',
    user_id: personId,
    fields: 'participants,messages{id,message,from,to,created_time}',
  });
  if (!read.ok) return { kind: 'failed', read };
  const [conversation] = readPage(read.value).items;
  if (conversation === undefined) return missing('Instagram shows no conversation with this person.');
  const { items: messages, more } = readPage(conversation.messages);
  const traces = messages.filter((message) => isTrace(message, sought, personId));
  const own = traces.map((message) =>
    readTime(message.created_time) !== null && isOwn(message, account, personId) ? readId(message.id) : null,
  );
  const { externalId, unclear } = await pickOwn(own, sought);
  if (externalId !== null) return { kind: 'found', externalId, recipientId: personId };
  if (unclear) {
    return missing('The conversation has this text, and it is not certain that it is this message.');
  }
  const whole = !more && messages.length < readableMessages;
  return reachesBack(messages, whole ? sought.attemptedAt.getTime() : earliestTrace(sought))
    ? missing('The message is not in the conversation.', true)
    : missing('The conversation does not show what was written at the time of the attempt.');
}

/** @returns false for what is certainly of another time, another text, or the person's own */
function isTrace(message: Item, sought: SoughtMessage, personId: string): boolean {
  const at = readTime(message.created_time)?.getTime() ?? Number.POSITIVE_INFINITY;
  if (at < earliestTrace(sought) || senderOf(message) === personId) return false;
  return isSameText(readText(message.message) ?? '', sought.text);
}

/** Instagram may call the account by another id than webhooks do; then whom it was written to tells. */
function isOwn(message: Item, account: SendingAccount, personId: string): boolean {
  if (senderOf(message) === account.externalId) return true;
  return readPage(message.to).items.some(({ id }) => readId(id) === personId);
}

function senderOf({ from }: Item): string | null {
  return isRecord(from) ? readId(from.id) : null;
}

/**
 * The messages come newest first and without gaps, so that one from before the attempt proves that none after it is
 * left out. Of a conversation that is there as a whole nothing can be left out: it only has to be one that was open.
 */
function reachesBack(messages: readonly Item[], before: number): boolean {
  const times = messages.map(({ created_time }) => readTime(created_time)?.getTime());
  return (
    times.every((time) => time !== undefined) && times.some((time) => time !== undefined && time <= before)
  );
}
