import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Fate, fates, testPayloads } from '../support/payload-suite.ts';

/**
 * Samples collected from Meta's pages and other projects' corpora. They stay outside the repository; the same shapes in
 * words of our own are in `tests/fixtures/instagram`.
 */
const payloads = fileURLToPath(new URL('../../../shared/platforms/payloads/', import.meta.url));
const folder = `${payloads}meta-instagram/`;
const present = existsSync(folder);
const whySkipped = 'skipped where ../shared/platforms/payloads/meta-instagram is absent';

const { matched, otherWords, noAuthor, ownComment, echo, unsupported, noWebhook, quiet } = fates;

const expected: Record<string, Fate> = {
  'chatwoot-dashboard-test-event.json': quiet('message'),
  'chatwoot-share-attachment.json': quiet('message'),
  'chatwoot-standby.json': quiet('standby'),
  'chatwoot-story-mention-echo.json': echo,
  'chatwoot-story-mention.json': quiet('message'),
  'chatwoot-story-reply.json': quiet('message'),
  'chatwoot-unsend.json': quiet('message_deleted'),
  'docs-ephemeral.json': quiet('message'),
  'docs-fblogin-comment.json': otherWords,
  'docs-iglogin-comment-flat-array.json': otherWords,
  'docs-mention-comment.json': quiet('mention'),
  'docs-message-edit.json': quiet('message_edit'),
  'docs-postback.json': quiet('postback'),
  'docs-quick-reply.json': quiet('message'),
  'docs-reaction.json': quiet('reaction'),
  'docs-referral-igme.json': quiet('referral'),
  'docs-seen.json': quiet('read'),
  'docs-story-mention.json': quiet('message'),
  'docs-story-reply.json': quiet('message'),
  'postman-comment-flat.json': otherWords,
  'postman-self-comment.json': ownComment,
  'postman-self-message-echo.json': echo,
  'postman-self-postback.json': quiet('postback'),
  // Objects and an error of the Graph API: they have no entry, so nothing in them can name a connected account.
  'restfb-comment.json': noWebhook,
  'restfb-comment_missing_user.json': noWebhook,
  'restfb-ig_login_exception.json': noWebhook,
  'restfb-messaging-attachment-unsupported.json': quiet('message'),
  'restfb-messaging-seen.json': quiet('read'),
  'restfb-wh-comments-2021.json': matched,
  'restfb-wh-comments.json': noAuthor,
  'restfb-wh-livecomments.json': noAuthor,
  'restfb-wh-mentions.json': quiet('mention'),
  'restfb-wh-story_insights.json': unsupported,
};

describe.skipIf(!present)(`the collected samples (${whySkipped})`, () => {
  const { post, unassigned } = testPayloads({
    folder,
    expected,
    keyword: 'example',
    moreSecrets: ['app-secret', 'yet-another'],
  });

  describe('the signature vector', () => {
    const { raw_body, header, must_fail_if_reserialised } = present
      ? JSON.parse(readFileSync(`${payloads}_signature-vectors.json`, 'utf8')).meta
      : { raw_body: '{}', header: '', must_fail_if_reserialised: '' };
    const signature = header.replace('X-Hub-Signature-256: ', '');
    const rewritten = JSON.stringify(JSON.parse(raw_body));
    const named = async () => (await unassigned()).filter(({ authorUsername }) => authorUsername === 'jäne');

    it('is refused over a body that was parsed and written again', async () => {
      expect(rewritten).not.toBe(raw_body);
      expect((await post(rewritten, signature)).status).toBe(401);
      expect((await post(raw_body, must_fail_if_reserialised)).status).toBe(401);
      expect(await named()).toEqual([]);
    });

    it('is accepted over the bytes as they came, with its secret as one of several', async () => {
      expect((await post(raw_body, signature)).status).toBe(200);
      expect(await named()).toMatchObject([
        {
          kind: 'comment',
          text: 'GUIDE 😍',
          accountExternalId: '17841400000000001',
          reason: 'unknown_account',
        },
      ]);
    });
  });
});
