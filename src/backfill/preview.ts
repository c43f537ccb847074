import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import {
  type OpenAccount,
  type OpenedAccount,
  openAccount,
  type SealedAccount,
} from '../deliveries/account.ts';
import { laneColumns } from '../deliveries/pacing.ts';
import type { Fate, FoundIntake, Rehearsed } from '../intake/found.ts';
import type { Finder } from '../intake/judge-found.ts';
import { Problem } from '../problem.ts';
import { restLane, takePermit } from './permit.ts';
import { nothingYet, type Progress, withFates, withPage } from './progress.ts';
import type { Selection } from './selection.ts';
import type { NotGiven } from './step.ts';
import { afterComments, afterPosts, afterRefusal, nextCall, type Position, startOf } from './walk.ts';

/** A preview is waited for: it looks at so much and no more. */
const maxCalls = 60;
const longestMs = 20_000;
const samplesPerFate = 5;
const maxSampleLength = 200;

export interface Sample {
  commentId: string;
  mediaId: string | null;
  username: string | null;
  text: string;
  writtenAt: string;
  fate: Fate['fate'];
  reason: string | null;
  triggerId: string | null;
  keyword: string | null;
}

export interface PreviewResult {
  since: string;
  progress: Progress;
  /** Whether everything was looked at; else `detail` says what stopped it. */
  complete: boolean;
  detail: string | null;
  samples: Sample[];
  answers: {
    /** When the last message would go out at the account's pace; null for none. */
    lastAt: string | null;
    /** How many would have to wait beyond the end of their window. */
    tooLate: number;
  };
}

export interface BackfillPreviews {
  /** @throws Problem when the platform gives nothing at all */
  preview(account: SealedAccount, selection: Selection): Promise<PreviewResult>;
}

/** Where a rehearsal is. */
interface Rehearsal {
  position: Position;
  progress: Progress;
  fates: Fate[];
}

interface PageRead {
  kind: 'page';
  restMs: number;
  after: Rehearsal;
}

/** Walks as a back-fill does, with the same decisions, and stores nothing. */
export function createPreviews(deps: {
  pool: pg.Pool;
  open: OpenAccount;
  found: FoundIntake;
  now: () => Date;
}): BackfillPreviews {
  return {
    async preview(sealed, selection) {
      const account = openAccount(deps.open, sealed);
      if (!account.ok)
        throw new Problem(409, account.reason, `This process cannot act for the account: ${account.detail}.`);
      const { rehearsal, stopped } = await rehearse(account, sealed.id, selection);
      if (stopped?.notGiven && rehearsal.progress.pages === 0) throw problemOf(stopped.notGiven);
      const matched = rehearsal.fates.filter((each) => each.fate === 'matched');
      const lane = await readLane(deps.pool, sealed.id, account.adapter.paceOf('private_reply', false));
      return {
        since: selection.since.toISOString(),
        progress: rehearsal.progress,
        complete: stopped === null,
        detail: stopped?.detail ?? null,
        samples: sampled(rehearsal.fates),
        answers: foresee(
          matched.map(({ deadlineAt }) => deadlineAt),
          lane,
          deps.now(),
        ),
      };
    },
  };

  async function rehearse(
    account: Extract<OpenedAccount, { ok: true }>,
    accountId: string,
    selection: Selection,
  ): Promise<{ rehearsal: Rehearsal; stopped: { detail: string; notGiven: NotGiven | null } | null }> {
    const { triggerId } = selection;
    const finder: Finder = { id: '', accountId, by: 'backfill', triggerId, reconsiders: true };
    const rehearsed: Rehearsed = { served: new Set(), given: new Map() };
    const { pace } = account.adapter.capabilities.listing;
    const endsAtMs = performance.now() + longestMs;
    let rehearsal: Rehearsal = { position: startOf(selection.mediaIds), progress: nothingYet, fates: [] };
    const stop = (detail: string, notGiven: NotGiven | null = null) => ({
      rehearsal,
      stopped: { detail, notGiven },
    });
    for (let calls = 0; ; calls += 1) {
      const call = nextCall(rehearsal.position);
      if (!call) return { rehearsal, stopped: null };
      if (calls === maxCalls || performance.now() >= endsAtMs)
        return stop('There is more than a preview reads.');
      const freeAt = await takePermit(deps.pool, accountId, pace, deps.now());
      if (freeAt) return stop(`The account’s pace allows no more reading before ${freeAt.toISOString()}.`);
      const read = await (call.kind === 'posts' ? posts(call.cursor) : comments(call.postId, call.cursor));
      const restMs = read.kind === 'page' ? read.restMs : read.kind === 'throttled' ? read.retryAfterMs : 0;
      if (restMs > 0) await restLane(deps.pool, accountId, pace, new Date(deps.now().getTime() + restMs));
      if (read.kind === 'page') {
        rehearsal = read.after;
        continue;
      }
      const refused = read.kind === 'refused' ? afterRefusal(rehearsal.position) : null;
      if (!refused) return stop(read.detail, read);
      const { progress } = rehearsal;
      const postsRefused = progress.postsRefused + (refused.skippedPost ? 1 : 0);
      rehearsal = { ...rehearsal, position: refused.position, progress: { ...progress, postsRefused } };
    }

    async function posts(cursor: string | null): Promise<NotGiven | PageRead> {
      const listing = await account.adapter.listPosts(account.sending, cursor);
      if (listing.kind !== 'page') return listing;
      const { position, progress } = rehearsal;
      const after = afterPosts(position, listing, selection.latestPosts);
      return {
        kind: 'page',
        restMs: listing.restMs,
        after: { ...rehearsal, position: after, progress: withPage(progress, listing) },
      };
    }

    async function comments(postId: string, cursor: string | null): Promise<NotGiven | PageRead> {
      const { adapter, sending } = account;
      const listing = await adapter.listComments(sending, postId, cursor);
      if (listing.kind !== 'page') return listing;
      const inTime = listing.items.filter(({ event }) => event.occurredAt >= selection.since);
      const fates = await deps.found.rehearse(adapter, inTime, finder, rehearsed);
      const { position, progress } = rehearsal;
      const after = afterComments(position, listing, selection.since);
      return {
        kind: 'page',
        restMs: listing.restMs,
        after: {
          position: after,
          progress: withFates(withPage(progress, listing, position, after), fates),
          fates: [...rehearsal.fates, ...fates],
        },
      };
    }
  }
}

function problemOf(outcome: NotGiven): Problem {
  if (outcome.kind === 'account') {
    return new Problem(
      409,
      'account_refused',
      `The platform does not let this account list: ${outcome.detail}`,
    );
  }
  return new Problem(502, 'platform_unavailable', `The platform gave no list: ${outcome.detail}`);
}

/** Some of each fate, so that a person sees what the numbers mean. */
function sampled(fates: readonly Fate[]): Sample[] {
  const groups = Map.groupBy(fates, (each) => (each.fate === 'skipped' ? each.reason : each.fate));
  return [...groups.values()].flatMap((group) => group.slice(0, samplesPerFate).map(toSample));
}

function toSample(each: Fate): Sample {
  const { event } = each.comment;
  const matched = each.fate === 'matched' ? each : null;
  return {
    commentId: event.commentId,
    mediaId: event.mediaId,
    username: event.author?.username ?? null,
    text: event.text.slice(0, maxSampleLength).toWellFormed(),
    writtenAt: event.occurredAt.toISOString(),
    fate: each.fate,
    reason: each.fate === 'skipped' ? each.reason : null,
    triggerId: matched?.triggerId ?? null,
    keyword: matched?.keyword ?? null,
  };
}

interface Lane {
  /** When the next message would have its turn but for `slackMs`, by which a burst may be ahead. */
  free_at: Date;
  step_ms: number;
  slack_ms: number;
}

const laneStatement: Statement = {
  name: 'backfill-lane',
  text: `
    select greatest(next_slot_at, used_until, rest_until) as free_at,
           extract(epoch from step)::float8 * 1000 as step_ms, extract(epoch from slack)::float8 * 1000 as slack_ms
    from (select ${laneColumns}, p.next_slot_at, p.used_until from account_paces p
          where p.account_id = $1 and p.pace = $2) lane`,
};

async function readLane(pool: pg.Pool, accountId: string, pace: string): Promise<Lane | null> {
  return (await runStatement<Lane>(pool, laneStatement, [accountId, pace]))[0] ?? null;
}

/** When so many more messages would go out, who has less time first. */
function foresee(deadlines: readonly Date[], lane: Lane | null, now: Date): PreviewResult['answers'] {
  if (deadlines.length === 0 || !lane) return { lastAt: null, tooLate: 0 };
  const freeMs = Math.max(lane.free_at.getTime(), now.getTime());
  const slots = deadlines.map((_, index) =>
    Math.max(now.getTime(), freeMs + index * lane.step_ms - lane.slack_ms),
  );
  const sorted = deadlines.toSorted((a, b) => a.getTime() - b.getTime());
  const tooLate = sorted.filter((deadline, index) => (slots[index] as number) > deadline.getTime()).length;
  return { lastAt: new Date(slots.at(-1) as number).toISOString(), tooLate };
}
