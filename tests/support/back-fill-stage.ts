import { beforeEach, expect } from 'vitest';
import type { FakeAccount, FakeComment, FakeMedia, NewComment } from '../../fakes/instagram/index.ts';
import type { Progress } from '../../src/backfill/progress.ts';
import { findFaults } from '../../src/records/integrity.ts';
import { unpaced } from './studio.ts';
import { useVirtualFairdrop, type VirtualFairdrop } from './virtual.ts';

const minuteMs = 60_000;

export interface Backfill {
  id: string;
  state: string;
  reason: string | null;
  detail: string | null;
  waitsFor: string | null;
  nextAt: string | null;
  progress: Progress;
  missed: number;
}

/** A creator with a trigger for "guide" and a reel under which people write, each test with an account of its own. */
export interface BackfillStage {
  fairdrop: VirtualFairdrop;
  account: FakeAccount;
  media: FakeMedia;
  accountId: string;
  triggerId: string;
  /** Another account in the place of this one. */
  connect(settings?: object): Promise<void>;
  /** A comment that no webhook tells of, unless it says so. */
  write(text?: string, given?: Partial<NewComment>): Promise<FakeComment>;
  writeMany(count: number): Promise<FakeComment[]>;
  disconnect(): Promise<void>;
  start(more?: object): Promise<Backfill>;
  read(id: string): Promise<Backfill>;
  move(id: string, verb: string): Promise<Backfill>;
  /** Rounds with a minute between them, until it runs no more. */
  finish(id: string, rounds?: number): Promise<Backfill>;
  eventOf(comment: FakeComment): Promise<Record<string, unknown> | undefined>;
  /** How many of these comments got how many private replies: `{1: 30}`. */
  answers(comments: readonly FakeComment[]): Record<number, number>;
  /** Of everything that was received, and every row hangs on another. */
  expectExactSum(): Promise<void>;
}

/** Call it once, at the top of a test file. */
export function useBackfillStage(): BackfillStage {
  const fairdrop = useVirtualFairdrop({
    sendEchoes: false,
    privateRepliesPerHour: Number.POSITIVE_INFINITY,
    sendTimeoutMs: 2_000,
  });
  const pacing = { private_reply: unpaced, public_reply: unpaced, listing: unpaced };
  let users = 0;

  const stage = {
    fairdrop,
    async connect(settings = {}) {
      const account = await fairdrop.openStudio({}, { pacing, ...settings });
      const media = fairdrop.instagram.addMedia(account, { type: 'REELS' });
      const [row] = await fairdrop.query(
        `select a.id as account_id, t.id as trigger_id
         from accounts a join triggers t on t.account_id = a.id where a.external_id = $1`,
        [account.id],
      );
      const ids = { accountId: String(row?.account_id), triggerId: String(row?.trigger_id) };
      Object.assign(stage, { account, media, ...ids });
    },
    write(text = 'guide', given = {}) {
      const { account, media } = stage;
      const user = fairdrop.instagram.addUser({ username: `reader${users++}` });
      const comment = { account, media, user, text, createdAt: fairdrop.now, announce: false };
      return fairdrop.instagram.comment({ ...comment, ...given });
    },
    async writeMany(count) {
      const comments: FakeComment[] = [];
      for (let i = 0; i < count; i += 1) comments.push(await stage.write());
      return comments;
    },
    async disconnect() {
      await fairdrop.query(
        `update accounts set state = 'disconnected', credentials = null, credentials_key_id = null where id = $1`,
        [stage.accountId],
      );
    },
    start: (more = {}) => fairdrop.client.post('/v1/backfills', { accountId: stage.accountId, ...more }),
    read: (id) => fairdrop.client.get(`/v1/backfills/${id}`),
    move: (id, verb) => fairdrop.client.post(`/v1/backfills/${id}/${verb}`),
    async finish(id, rounds = 60) {
      for (let i = 0; i < rounds; i += 1) {
        await fairdrop.round();
        const backfill = await stage.read(id);
        if (backfill.state !== 'running') return backfill;
        fairdrop.later(minuteMs);
      }
      return stage.read(id);
    },
    async eventOf({ id }) {
      return (await fairdrop.query('select * from events where external_id = $1', [id]))[0];
    },
    answers(comments) {
      const times = new Map(comments.map(({ id }) => [id, 0]));
      for (const { kind, commentId = '' } of fairdrop.instagram.sent) {
        const before = times.get(commentId);
        if (kind === 'private_reply' && before !== undefined) times.set(commentId, before + 1);
      }
      const groups = Map.groupBy(times.values(), (each) => each);
      return Object.fromEntries([...groups].map(([each, all]) => [each, all.length]));
    },
    async expectExactSum() {
      const stats = await fairdrop.client.get<Record<string, number>>('/v1/stats');
      const fates = ['delivered', 'waiting', 'skipped', 'failed', 'expired'];
      expect(fates.reduce((sum, fate) => sum + Number(stats[fate]), 0)).toBe(stats.received);
      expect(await findFaults(fairdrop.pool)).toEqual([]);
    },
  } as BackfillStage;

  beforeEach(async () => {
    fairdrop.instagram.clearFaults();
    fairdrop.walks.length = 0;
    await fairdrop.query("update backfills set state = 'stopped'");
    await stage.connect();
  });
  return stage;
}
