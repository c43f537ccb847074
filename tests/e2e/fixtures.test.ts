import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { type Fate, fates, testPayloads } from '../support/payload-suite.ts';

const { matched, otherWords, noAuthor, ownComment, echo, unsupported, noWebhook, quiet } = fates;

const expected: Record<string, Fate> = {
  'comment-in-changes.json': matched,
  'comment-reply-in-changes.json': matched,
  'comment-flat-in-array.json': otherWords,
  'comment-flat-author-by-name.json': matched,
  'comment-facebook-login.json': matched,
  'comment-own.json': ownComment,
  'comment-dashboard-test.json': noAuthor,
  'live-comment.json': matched,
  'live-comment-dashboard-test.json': noAuthor,
  'mention.json': quiet('mention'),
  'mention-in-array.json': quiet('mention'),
  'message-text.json': quiet('message'),
  'message-dashboard-test.json': quiet('message'),
  'message-shared-post.json': quiet('message'),
  'message-story-mention.json': quiet('message'),
  'message-story-reply.json': quiet('message'),
  'message-ephemeral.json': quiet('message'),
  'message-quick-reply.json': quiet('message'),
  'message-unsupported-attachment.json': quiet('message'),
  'message-unsent.json': quiet('message_deleted'),
  'message-edit-in-array.json': quiet('message_edit'),
  'echo-self.json': echo,
  'echo-story-mention.json': echo,
  'postback-from-reader.json': quiet('postback'),
  'postback-self.json': quiet('postback'),
  'reaction.json': quiet('reaction'),
  'read.json': quiet('read'),
  'referral-from-link.json': quiet('referral'),
  'standby-message.json': quiet('standby'),
  'unsupported-story-insights.json': unsupported,
  'api-comment.json': noWebhook,
  'api-comment-without-user.json': noWebhook,
  'api-error.json': noWebhook,
};

describe('the webhooks that Instagram documents', () => {
  testPayloads({
    folder: fileURLToPath(new URL('../fixtures/instagram', import.meta.url)),
    expected,
    keyword: 'guide',
  });
});
