/**
 * Is a message in the conversation with its person? Source: "Get Conversations" of
 * developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/conversations-api.
 */

import type { SendingAccount, SoughtMessage } from '../port.ts';
import { segment } from './address.ts';
import { isRecord } from './json.ts';
import { type Read, type Reader, readPage } from './read.ts';
import { earliestTrace, isSameText } from './traces.ts';
import { readId, readText, readTime } from './values.ts';

type Item = Record<string, unknown>;

/** Instagram gives the details of the 20 most recent messages and no others (same page). */
const readableMessages = 20;
const conversationsPerPage = '50';
/** 150 conversations: at 600 private replies an hour, all that were begun within a quarter of an hour. */
const maxPages = 3;

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

/** @param personId null for a person who is to be found by name */
export async function findMessage(
  reader: Reader,
  sought: SoughtMessage,
  account: SendingAccount,
  personId: string | null,
): Promise<Search> {
  if (personId !== null) return searchConversation(reader, sought, account, personId);
  const { username } = sought.contact;
  if (username === null) return missing('The person is known neither by id nor by name.');
  const person = await findPerson(reader, username, account, earliestTrace(sought));
  if (typeof person === 'object') return { kind: 'failed', read: person };
  if (person === '') return missing('Among the latest conversations is none with this person.');
  await reader.space();
  return searchConversation(reader, sought, account, person);
}

/**
 * Who began no conversation yet is known to us by name only. The list comes newest first, so that it need not be read
 * further than to the conversations in which nothing has happened since.
 *
 * @returns the id of the person in messages, '' where there is no such conversation
 */
async function findPerson(
  reader: Reader,
  username: string,
  account: SendingAccount,
  since: number,
): Promise<string | Extract<Read, { ok: false }>> {
  let after: string | null = null;
  for (let page = 1; page <= maxPages; page += 1) {
    if (page > 1) await reader.space();
    const read: Read = await reader.get(`/${segment(account.externalId)}/conversations`, {
      platform: 'instagram',
      fields: 'participants,updated_time',
      limit: conversationsPerPage,
      after,
    });
    if (!read.ok) return read;
    const { items, after: next } = readPage(read.value);
    for (const { participants } of items) {
      for (const participant of readPage(participants).items) {
        const name = readText(participant.username);
        // Instagram's names do not distinguish case.
        if (name?.toLowerCase() === username.toLowerCase()) return readId(participant.id) ?? '';
      }
    }
    const oldest = readTime(items.at(-1)?.updated_time)?.getTime();
    after = next;
    if (after === null || (oldest !== undefined && oldest < since)) break;
  }
  return '';
}

async function searchConversation(
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
  const own = traces.find(
    (message) => readTime(message.created_time) !== null && isOwn(message, account, personId),
  );
  const externalId = readId(own?.id);
  if (externalId !== null) return { kind: 'found', externalId, recipientId: personId };
  if (traces.length > 0) {
    return missing(
      'The conversation has this text, and Instagram does not say that it is ours, or since when.',
    );
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
