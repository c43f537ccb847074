import type { FakeAccount, FakeComment, FakeInstagram, FakeUser } from '../fakes/instagram/index.ts';

/** What the demo configures through the REST API. */
export const resource = {
  name: 'The glaze guide',
  kind: 'link',
  url: 'https://mara.example/glaze-guide.pdf',
} as const;

export const guideTrigger = {
  name: 'Glaze guide',
  priority: 10,
  keywords: ['guide', 'гайд', '🏺'],
  dmTemplates: [
    { text: 'Hi {{ contact.username }}! Here is {{ resource.name }}: {{ resource.url }}', weight: 2 },
    { text: 'As promised, {{ contact.username }}: {{ resource.url }} Enjoy, and tell me how it went.' },
    { text: 'Thank you for asking. {{ resource.name }} is yours: {{ resource.url }}' },
  ],
  publicReplies: [{ text: 'It is in your messages ✉️' }, { text: 'Sent, have a look at your inbox 🏺' }],
};

export const pricesTrigger = {
  name: 'Price list',
  priority: 0,
  keywords: ['price', 'prices'],
  dmTemplates: [{ text: 'Prices are on the last page: {{ resource.url }}' }],
};

/** One thing that happens under the post, and what has to come of it. */
export interface Scene {
  title: string;
  text: string;
  expect: {
    outcome: 'matched' | 'skipped';
    reason: string;
    delivery?: 'delivered' | 'failed';
    keyword?: string;
  };
  play(stage: Stage): Promise<FakeComment>;
  /** How often the platform tells of it. */
  told: number;
}

export interface Stage {
  instagram: FakeInstagram;
  account: FakeAccount;
  user(name: string): FakeUser;
  /** The comment of an earlier scene, by its title. */
  earlier(title: string): FakeComment;
}

const delivered = (keyword: string): Scene['expect'] => ({
  outcome: 'matched',
  reason: 'trigger_matched',
  delivery: 'delivered',
  keyword,
});
const skipped = (reason: string): Scene['expect'] => ({ outcome: 'skipped', reason });

function says(name: string, title: string, text: string, expect: Scene['expect']): Scene {
  const play: Scene['play'] = ({ instagram, account, user }) =>
    instagram.comment({ account, user: user(name), text });
  return { title, text, expect, play, told: 1 };
}

export const scenes: readonly Scene[] = [
  says('lena.clay', 'a plain request', 'GUIDE please!', delivered('guide')),
  says('tomas_k', 'just being kind', 'What a lovely glaze 😍', skipped('keyword_absent')),
  {
    ...says('nina.throws', 'told three times by Instagram', 'Guide 🙏', delivered('guide')),
    async play({ instagram, account, user }) {
      const comment = await instagram.comment({ account, user: user('nina.throws'), text: 'Guide 🙏' });
      await instagram.redeliver(comment);
      await instagram.redeliver(comment);
      return comment;
    },
    told: 3,
  },
  {
    ...says('', 'the account itself', 'Comment GUIDE and I’ll send it to you', skipped('own_comment')),
    play: ({ instagram, account }) =>
      instagram.comment({ account, user: account, text: 'Comment GUIDE and I’ll send it to you' }),
  },
  says('pedro.barro', 'laden with emoji', '🔥🔥🔥gUiDe🔥🔥🔥 !!!', delivered('guide')),
  says('olga_gonchar', 'in Cyrillic', 'Можно ГАЙД, пожалуйста?', delivered('гайд')),
  says('chloé.terre', 'with accents it does not need', 'le gúïdé s’il te plaît', delivered('guide')),
  says('haruto_yaki', 'in full-width letters', 'ＧＵＩＤＥ お願いします', delivered('guide')),
  says('amphora.fan', 'an emoji as keyword', 'yes 🏺 me', delivered('🏺')),
  {
    ...says('late.larry', 'a reply to another comment', 'GUIDE for me too', skipped('replies_not_wanted')),
    play: ({ instagram, account, user, earlier }) =>
      instagram.comment({
        account,
        user: user('late.larry'),
        text: 'GUIDE for me too',
        parentId: earlier('a plain request').id,
      }),
  },
  says('wise.guy', 'the keyword inside a word', 'I was misguided once', skipped('keyword_absent')),
  says('tagger', 'the keyword in a mention', '@guide.to.clay look at this', skipped('keyword_absent')),
  says('both.hands', 'two triggers match, the first one wins', 'guide or price?', delivered('guide')),
  says('bargain.bea', 'the other trigger', 'What are your PRICES?', delivered('prices')),
  {
    ...says('unreachable.uwe', 'somebody who cannot be written to', 'GUIDE', {
      outcome: 'matched',
      reason: 'trigger_matched',
      delivery: 'failed',
      keyword: 'guide',
    }),
    play({ instagram, account, user }) {
      instagram.blockUser(account, user('unreachable.uwe'));
      return instagram.comment({ account, user: user('unreachable.uwe'), text: 'GUIDE' });
    },
  },
];
