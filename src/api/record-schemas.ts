import { z } from 'zod';
import { eventReasons } from '../intake/reasons.ts';
import { ledgerKinds } from '../ledger/kinds.ts';
import { deliveryStates, doors, messageKinds, messageNeeds, messageStates } from '../records/deliveries.ts';
import { eventKinds, eventOutcomes } from '../records/events.ts';
import { count, id, timestamp, wordOf } from './schemas.ts';

/** What came in and what went out, as several routes show it. */

export const event = z
  .object({
    id,
    platform: z.string(),
    accountId: id.nullable(),
    accountExternalId: z.string(),
    kind: wordOf(eventKinds),
    externalId: z.string().nullable(),
    authorExternalId: z.string().nullable(),
    authorUsername: z.string().nullable(),
    contactId: id.nullable(),
    mediaId: z.string().nullable(),
    parentId: z.string().nullable().describe('The comment that this one replies to'),
    text: z.string().nullable(),
    occurredAt: timestamp.nullable(),
    receivedAt: timestamp,
    timesReceived: z.int().min(1).describe('How often the platform reported it; it counts once'),
    outcome: z.enum(eventOutcomes),
    reason: wordOf(eventReasons),
    triggerRevision: count.nullable().describe('Which triggers it was matched against'),
  })
  .meta({ id: 'Event' });

export const eventWithPayload = event
  .extend({
    payload: z.unknown().describe('What the platform sent, where the fields above do not hold it; else null'),
  })
  .meta({ id: 'EventWithPayload' });

export const message = z
  .object({
    id,
    deliveryId: id,
    accountId: id,
    kind: z.enum(messageKinds),
    state: z
      .enum(messageStates)
      .describe(
        'held: waits for the private message. unconfirmed: it is not known whether it was sent, so it is not repeated',
      ),
    reason: z.string().nullable(),
    detail: z.string().nullable().describe('What the platform said last'),
    targetId: z
      .string()
      .describe('By the platform’s id: the comment that it answers, or for a direct message the person'),
    text: z.string(),
    variant: count.describe('Which template was drawn, from 0'),
    attempts: count,
    waitsFor: z
      .enum(messageNeeds)
      .nullable()
      .describe(
        'slot: its turn within the account’s pace. account: until the account is active again. private_message: until that is out. answer: it is being sent. look_up: the platform is asked whether it arrived. person: nobody but you can tell, see /v1/messages/{id}/resolve',
      ),
    expectedAt: timestamp
      .nullable()
      .describe('When it will go out, as things stand; null where that is not known, or too late'),
    deadlineAt: timestamp.describe('Not sent after'),
    externalId: z.string().nullable(),
    createdAt: timestamp,
    settledAt: timestamp.nullable(),
  })
  .meta({ id: 'Message' });

export const delivery = z
  .object({
    id,
    accountId: id,
    eventId: id,
    contactId: id,
    triggerId: id,
    triggerVersion: z.int().min(1),
    resourceId: id,
    door: z.enum(doors),
    keyword: z.string(),
    state: z
      .enum(deliveryStates)
      .describe('skipped: the trigger matched, but the person has been served as often as it allows'),
    reason: z.string().nullable(),
    run: z.int().min(1).describe('1, and one more for each replay'),
    replayOfId: id.nullable().describe('The delivery that this one repeats'),
    replayedAt: timestamp.nullable().describe('When a replay took its place: it no longer counts'),
    createdAt: timestamp,
    settledAt: timestamp.nullable(),
  })
  .meta({ id: 'Delivery' });

export const deliveryWithMessages = delivery
  .extend({ messages: z.array(message) })
  .meta({ id: 'DeliveryWithMessages' });

export const ledgerEntry = z
  .object({
    id,
    at: timestamp,
    kind: wordOf(ledgerKinds),
    accountId: id.nullable(),
    eventId: id.nullable(),
    deliveryId: id.nullable(),
    messageId: id.nullable(),
    contactId: id.nullable(),
    triggerId: id.nullable(),
    resourceId: id.nullable(),
    detail: z.unknown(),
  })
  .meta({ id: 'LedgerEntry' });
