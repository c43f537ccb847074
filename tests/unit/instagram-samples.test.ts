import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseWebhook } from '../../src/platforms/instagram/parse.ts';

/** Samples collected from Meta's pages and other projects' corpora; they stay outside the repository. */
const folder = fileURLToPath(new URL('../../../shared/platforms/payloads/', import.meta.url));

type Expectation = [kind: string, account: string, key: string | RegExp];

const noAccount = '';
const docsAccount = '<YOUR_APP_USERS_INSTAGRAM_ACCOUNT_ID>';
const docsUser = '<YOUR_APP_USERS_INSTAGRAM_USER_ID>';
const unreadable = /^unreadable:[0-9a-f]{32}$/;
const longMid =
  'aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDUyNjkxNjAwMDk4OjM0MDI4MjM2Njg0MTcxMDMwMDk0OTEyODUyNTYwOTEwODQ0ODU4MjozMDc2OTU4MTA5OTY0OTI5MzAzMjAwODc1MDUxMTE2MTM0NAZDZD';

const expected: Record<string, Expectation> = {
  'chatwoot-dashboard-test-event.json': ['message', '0', 'message:random_mid'],
  'chatwoot-share-attachment.json': ['message', 'instagram-message-id-1234', 'message:message-id-1'],
  'chatwoot-standby.json': ['standby', 'instagram-message-id-123', 'standby:message:message-id-1'],
  'chatwoot-story-mention-echo.json': ['echo', 'instagram-message-id-1234', 'echo:message-id-1'],
  'chatwoot-story-mention.json': ['message', 'instagram-message-id-1234', 'message:message-id-1'],
  'chatwoot-story-reply.json': ['message', 'instagram-message-id-123', 'message:message-id-1'],
  'chatwoot-unsend.json': ['message_deleted', 'instagram-message-id-123', 'deleted:message-id-to-delete'],
  'docs-ephemeral.json': ['message', 'IGID', 'message:MESSAGE-ID'],
  'docs-fblogin-comment.json': ['comment', docsAccount, 'comment:<COMMENT_ID>'],
  'docs-iglogin-comment-flat-array.json': ['comment', docsAccount, 'comment:<COMMENT_ID>'],
  'docs-mention-comment.json': ['mention', '17841405726653026', 'mention:17894227972186120'],
  'docs-message-edit.json': [
    'message_edit',
    docsUser,
    'edit:<MESSAGE_ID>:<NUMBER_OF_TIMES_MESSAGE_IS_EDITED>',
  ],
  'docs-postback.json': ['postback', '<INSTAGRAM_SCOPED_ID>', 'postback:<MESSAGE_ID>'],
  'docs-quick-reply.json': ['message', '<IGID>', 'message:<MID>'],
  'docs-reaction.json': [
    'reaction',
    docsUser,
    'reaction:<MESSAGE_ID>:<INSTAGRAM_SCOPED_ID>:react:1569262485349',
  ],
  'docs-referral-igme.json': ['referral', 'IGSID', /^referral:[0-9a-f]{32}$/],
  'docs-seen.json': ['read', docsUser, 'read:<MESSAGE_ID>:<INSTAGRAM_SCOPED_ID>'],
  'docs-story-mention.json': ['message', '<IGID>', 'message:<MESSAGE_ID>'],
  'docs-story-reply.json': ['message', 'IGID', 'message:MESSAGE-ID'],
  'postman-comment-flat.json': ['comment', docsAccount, 'comment:<COMMENT_ID>'],
  'postman-self-comment.json': ['comment', docsAccount, 'comment:<COMMENT_ID>'],
  'postman-self-message-echo.json': ['echo', '<YOUR_APP_USERS_IG_USER_ID>', 'echo:<MESSAGE_ID>'],
  'postman-self-postback.json': ['postback', '45202218377435', 'postback:<MESSAGE_ID>'],
  // The next three are answers of the API and no webhooks.
  'restfb-comment.json': ['unreadable', noAccount, unreadable],
  'restfb-comment_missing_user.json': ['unreadable', noAccount, unreadable],
  'restfb-ig_login_exception.json': ['unreadable', noAccount, unreadable],
  'restfb-messaging-attachment-unsupported.json': ['message', '17841452691600098', `message:${longMid}`],
  'restfb-messaging-seen.json': ['read', '17841452691600098', 'read:MESSAGE-ID:5614879045272581'],
  'restfb-wh-comments-2021.json': ['comment', '0', 'comment:123456789'],
  'restfb-wh-comments.json': ['comment', '0', 'comment:123456789'],
  'restfb-wh-livecomments.json': ['comment', '0', 'comment:123456789'],
  'restfb-wh-mentions.json': ['mention', '0', 'mention:17887498072083520'],
  'restfb-wh-story_insights.json': ['unsupported', '0', /^unsupported:[0-9a-f]{32}$/],
};

function read(path: string) {
  const parsed = parseWebhook(readFileSync(`${folder}${path}`));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.events;
}

// A checkout by itself has no samples; the shapes are covered by fixtures of our own either way.
const describeSamples = describe.skipIf(!existsSync(folder));

describeSamples('the collected samples (skipped where ../shared/platforms/payloads is absent)', () => {
  test('are all in the table', () => {
    expect(Object.keys(expected).sort()).toEqual(readdirSync(`${folder}meta-instagram`).sort());
  });

  test.each(Object.entries(expected))('%s is one event of its kind', (file, [kind, account, key]) => {
    const events = read(`meta-instagram/${file}`);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind, accountExternalId: account });
    expect(events[0]?.dedupeKey).toEqual(typeof key === 'string' ? key : expect.stringMatching(key));
  });

  test('tell own comments, nameless authors and live videos apart', () => {
    expect(read('meta-instagram/postman-self-comment.json')[0]).toMatchObject({
      own: true,
      occurredAt: null,
    });
    expect(read('meta-instagram/postman-comment-flat.json')[0]).toMatchObject({
      own: false,
      author: { externalId: '@<username>', username: '<USERNAME>' },
    });
    expect(read('meta-instagram/restfb-wh-livecomments.json')[0]).toMatchObject({ live: true, author: null });
    expect(read('meta-instagram/restfb-wh-comments-2021.json')[0]).toMatchObject({
      parentId: '987654321',
      author: { externalId: '1234536447' },
    });
  });

  test('of other platforms are stored as strange, never taken for Instagram', () => {
    for (const other of readdirSync(folder).filter(
      (name) => !name.includes('.') && name !== 'meta-instagram',
    )) {
      for (const file of readdirSync(`${folder}${other}`)) {
        for (const event of read(`${other}/${file}`)) {
          expect(['unreadable', 'unsupported'], `${other}/${file}`).toContain(event.kind);
          expect(event.accountExternalId).toBe('');
        }
      }
    }
  });
});
