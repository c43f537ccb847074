import { describe, expect, test } from 'vitest';
import { answerDeadline } from '../../src/platforms/instagram/deadline.ts';
import type { CommentEvent } from '../../src/platforms/port.ts';

const comment: CommentEvent = {
  kind: 'comment',
  accountExternalId: '1',
  dedupeKey: 'comment:2',
  occurredAt: null,
  commentId: '2',
  parentId: null,
  mediaId: null,
  author: null,
  own: false,
  text: '',
  live: false,
};

describe('the deadline of an answer', () => {
  const receivedAt = new Date('2026-03-10T12:00:00Z');
  const deadline = (change: Partial<CommentEvent>) =>
    answerDeadline({ ...comment, ...change }, receivedAt).toISOString();

  test('is seven days after the comment, less ten minutes', () => {
    expect(deadline({ occurredAt: new Date('2026-03-09T10:00:00Z') })).toBe('2026-03-16T09:50:00.000Z');
  });

  test('counts from the receipt where the comment has no time, or one in the future', () => {
    expect(deadline({ occurredAt: null })).toBe('2026-03-17T11:50:00.000Z');
    expect(deadline({ occurredAt: new Date('2030-01-01T00:00:00Z') })).toBe('2026-03-17T11:50:00.000Z');
  });

  test('is four hours after a comment under a live video', () => {
    expect(deadline({ occurredAt: receivedAt, live: true })).toBe('2026-03-10T16:00:00.000Z');
  });
});
