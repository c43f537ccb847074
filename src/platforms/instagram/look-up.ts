/** Was a message of unknown outcome sent? Reads only, and decides from what Instagram shows. */

import type { LookUpResult, SendingAccount, SoughtMessage } from '../port.ts';
import { isPathSegment, isSendableToken, segment } from './address.ts';
import { replyWindowMs } from './deadline.ts';
import { findMessage } from './find-message.ts';
import { findPublicReply } from './find-reply.ts';
import type { GraphClient } from './http.ts';
import { createReader, type Reader } from './read.ts';
import { untilSettledMs } from './traces.ts';
import { readTime } from './values.ts';

export async function lookUpMessage(
  client: GraphClient,
  sought: SoughtMessage,
  account: SendingAccount,
  { timeoutMs, now }: { timeoutMs: number; now: () => Date },
): Promise<LookUpResult> {
  if (!isSendableToken(account.credentials.accessToken)) {
    return { kind: 'unclear', detail: 'The stored token is empty or not a token.' };
  }
  if (!isPathSegment(sought.targetId) || !isPathSegment(account.externalId)) {
    return { kind: 'unclear', detail: 'The id of the account, or of what the message answers, is no id.' };
  }
  const reader = createReader(client, account, timeoutMs, now);
  switch (sought.kind) {
    case 'private_reply':
      return findPrivateReply(reader, sought, account, now());
    case 'public_reply':
      return findPublicReply(reader, sought, account, now());
    case 'direct_message':
      return findDirectMessage(reader, sought, account, now());
    default:
      return sought.kind satisfies never;
  }
}

async function findPrivateReply(
  reader: Reader,
  sought: SoughtMessage,
  account: SendingAccount,
  now: Date,
): Promise<LookUpResult> {
  const { messagingId } = sought.contact;
  if (messagingId !== null) {
    const search = await findMessage(reader, sought, account, messagingId);
    if (search.kind === 'found') return { ...search, detail: inConversation };
    // Private replies need no permission to read conversations: an account without it has to do without the proof.
    if (search.kind === 'failed' && !search.read.refused) return search.read.result;
  }
  if (sought.refusedAsAnswered) return afterRefusal(reader, sought, now);
  // Instagram takes one private reply for a comment: repeating it cannot make two, and its answer is the proof.
  return { kind: 'absent', detail: 'Nothing shows the message, and Instagram refuses a second one.' };
}

/**
 * A second private reply is refused in the same words as one to a comment that is gone, too old, or under a broadcast
 * that is over (errors.ts). Only where none of these can be the reason, the refusal speaks for the first attempt.
 */
async function afterRefusal(reader: Reader, sought: SoughtMessage, now: Date): Promise<LookUpResult> {
  if (sought.live) {
    return {
      kind: 'unclear',
      detail: 'Instagram refuses a second reply, and any reply once the broadcast is over.',
    };
  }
  const comment = await reader.get(`/${segment(sought.targetId)}`, { fields: 'id,timestamp' });
  if (!comment.ok) return comment.result;
  const writtenAt = readTime(comment.value.timestamp);
  if (writtenAt === null || now.getTime() - writtenAt.getTime() > replyWindowMs) {
    return { kind: 'unclear', detail: 'The comment may have been too old to be answered.' };
  }
  const detail = 'Instagram refused a second private reply, so the first arrived.';
  return { kind: 'found', externalId: null, recipientId: null, detail };
}

async function findDirectMessage(
  reader: Reader,
  sought: SoughtMessage,
  account: SendingAccount,
  now: Date,
): Promise<LookUpResult> {
  const search = await findMessage(reader, sought, account, sought.targetId);
  if (search.kind === 'found') return { ...search, detail: inConversation };
  if (search.kind === 'failed') return search.read.result;
  const { provesAbsence, detail } = search;
  const retryAfterMs = untilSettledMs(sought, now);
  if (retryAfterMs > 0) return { kind: 'unavailable', retryAfterMs, detail };
  return { kind: provesAbsence ? 'absent' : 'unclear', detail };
}

const inConversation = 'The message is in the conversation.';
