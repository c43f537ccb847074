/** The comments of a run, and everything that follows from their numbers: nobody has to remember what was sent. */
import { createHmac } from 'node:crypto';
import { toMetaJson } from '../../fakes/instagram/wire.ts';
import { accountCount } from '../settings.ts';

/** Comments that belong together; `run` is never used twice within a bench. */
export interface Batch {
  run: number;
  count: number;
  /** 1: all of them; 10: every tenth. */
  matchingEvery: number;
}

export const appSecret = 'bench-app-secret';
export const keyword = 'GUIDE';

export const accountExternalId = (account: number): string => `1784140${String(account).padStart(10, '0')}`;
export const accessToken = (account: number): string => `bench-token-${account}`;

export const isMatching = (batch: Batch, index: number): boolean => index % batch.matchingEvery === 0;
export const matchingCount = ({ count, matchingEvery }: Batch): number => Math.ceil(count / matchingEvery);

/** Consecutive matching comments go to different accounts, whatever share of them matches. */
export const accountOf = (batch: Batch, index: number): number =>
  Math.floor(index / batch.matchingEvery) % accountCount;

/** 17 digits, as Instagram's. */
const numbered = (prefix: string, run: number, index: number): string =>
  `${prefix}${String(run).padStart(5, '0')}${String(index).padStart(9, '0')}`;

export const commentId = (run: number, index: number): string => numbered('178', run, index);

/** @returns null for what is not the id of one of our comments */
export function readCommentId(id: string): { run: number; index: number } | null {
  if (!/^178\d{14}$/.test(id)) return null;
  return { run: Number(id.slice(3, 8)), index: Number(id.slice(8)) };
}

/** Every comment comes from a person of its own: a person is answered once. */
function change(batch: Batch, index: number): object {
  const matching = isMatching(batch, index);
  return {
    field: 'comments',
    value: {
      from: { id: numbered('526', batch.run, index), username: `reader_${batch.run}_${index}` },
      media: { id: `1799${String(accountOf(batch, index)).padStart(13, '0')}`, media_product_type: 'REELS' },
      id: commentId(batch.run, index),
      text: matching ? `${keyword}, bitte für mich 🙏` : 'Was für ein schönes Video, danke dafür 😍',
    },
  };
}

export interface SignedRequest {
  body: string;
  signature: string;
  /** The comments in it: `[from, to)`. */
  from: number;
  to: number;
}

/** @param perRequest how many comments go in one request */
export function buildRequests(batch: Batch, perRequest: number): SignedRequest[] {
  const time = Math.floor(Date.now() / 1000);
  const requests: SignedRequest[] = [];
  for (let from = 0; from < batch.count; from += perRequest) {
    const to = Math.min(from + perRequest, batch.count);
    const body = toMetaJson({ object: 'instagram', entry: entries(batch, from, to, time) });
    const digest = createHmac('sha256', appSecret).update(body).digest('hex');
    requests.push({ body, signature: `sha256=${digest}`, from, to });
  }
  return requests;
}

function entries(batch: Batch, from: number, to: number, time: number): object[] {
  const byAccount = new Map<number, object[]>();
  for (let index = from; index < to; index += 1) {
    const account = accountOf(batch, index);
    const changes = byAccount.get(account) ?? [];
    changes.push(change(batch, index));
    byAccount.set(account, changes);
  }
  return Array.from(byAccount, ([account, changes]) => ({ id: accountExternalId(account), time, changes }));
}
