import { setImmediate as nextTurn } from 'node:timers/promises';
import { Prisma, type PrismaClient } from '../db/generated/client.ts';
import type { AccountId, EventId, ResourceId, TriggerId, WorkspaceId } from '../ids.ts';
import { decidedByTriggers } from '../records/explain.ts';

/** A stored comment that triggers were asked about. */
export interface PastComment {
  id: EventId;
  receivedAt: Date;
  occurredAt: Date | null;
  mediaId: string | null;
  parentId: string | null;
  authorExternalId: string;
  authorUsername: string | null;
  text: string;
  /** Whether some trigger answered it. */
  answered: boolean;
}

export interface Window {
  /** When a comment was received: at or after `from`, before `to`. */
  from: Date | null;
  to: Date | null;
  /** The most comments, the newest first. */
  last: number;
}

export interface Extent {
  comments: number;
  oldestAt: Date | null;
  newestAt: Date | null;
  /** There may be older ones that were not read. */
  more: boolean;
}

const rowsPerPage = 1_000;

/** The most rows of a workspace that are read, whatever they are: one account's comments may be rare among them. */
const maxRows = 200_000;

/** How far an id's time may be from the time at which its event was received. */
const idToleranceMs = 3_600_000;

/**
 * Reads a window in pages, each a statement of its own along the index of the workspace's ids: no snapshot is held, and
 * others have a turn in between.
 */
export async function readHistory(
  prisma: PrismaClient,
  { workspaceId, accountId }: { workspaceId: WorkspaceId; accountId: AccountId },
  window: Window,
  take: (comment: PastComment) => void,
): Promise<Extent> {
  const extent: Extent = { comments: 0, oldestAt: null, newestAt: null, more: true };
  let cursor = window.to ? idAt(window.to.getTime() + idToleranceMs) : lastId;
  const floor = window.from ? idAt(window.from.getTime() - idToleranceMs) : firstId;
  for (let rows = 0; rows < maxRows && extent.comments < window.last; rows += rowsPerPage) {
    const page = await readPage(prisma, { workspaceId, accountId }, window, { cursor, floor });
    for (const { id, comment } of page) {
      cursor = id;
      if (!comment) continue;
      take({
        ...comment,
        id,
        receivedAt: new Date(comment.receivedAt),
        occurredAt: comment.occurredAt === null ? null : new Date(comment.occurredAt),
      });
      extent.comments += 1;
      extent.newestAt ??= new Date(comment.receivedAt);
      extent.oldestAt = new Date(comment.receivedAt);
      if (extent.comments === window.last) break;
    }
    if (page.length < rowsPerPage && (page.at(-1)?.id ?? cursor) === cursor) {
      extent.more = false;
      break;
    }
    await nextTurn();
  }
  return extent;
}

interface PageRow {
  id: EventId;
  /** null where the row is something else. */
  comment:
    | (Omit<PastComment, 'id' | 'receivedAt' | 'occurredAt'> & {
        receivedAt: string;
        occurredAt: string | null;
      })
    | null;
}

function readPage(
  prisma: PrismaClient,
  { workspaceId, accountId }: { workspaceId: WorkspaceId; accountId: AccountId },
  { from, to }: Window,
  { cursor, floor }: { cursor: string; floor: string },
): Promise<PageRow[]> {
  return prisma.$queryRaw<PageRow[]>`
    select e.id,
           case when e.account_id = ${accountId}::uuid and e.kind = 'comment' and e.text is not null
                  and e.author_external_id is not null and e.reason = any(${[...decidedByTriggers]}::text[])
                  and (${from}::timestamptz is null or e.received_at >= ${from}::timestamptz)
                  and (${to}::timestamptz is null or e.received_at < ${to}::timestamptz)
           then json_build_object(
             'receivedAt', e.received_at, 'occurredAt', e.occurred_at, 'mediaId', e.media_id, 'parentId', e.parent_id,
             'authorExternalId', e.author_external_id, 'authorUsername', e.author_username, 'text', e.text,
             'answered', e.outcome = 'matched')
           end as comment
    from events e
    where e.workspace_id = ${workspaceId}::uuid and e.id < ${cursor}::uuid and e.id >= ${floor}::uuid
    order by e.id desc
    limit ${rowsPerPage}`;
}

const firstId = '00000000-0000-0000-0000-000000000000';
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The smallest id that can have been made at a time. */
function idAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** What somebody was served before. */
export interface Past {
  /** By the post for "once per post", else by the empty string: when this trigger served them last. */
  servedAt: Map<string, Date>;
  /** The triggers that gave them something. */
  triggerIds: Set<TriggerId>;
  /** One of them gave the same resource. */
  hasResource: boolean;
}

const peoplePerQuery = 500;

/** @param people by the platform's ids @returns those who were served at all */
export async function readPasts(
  prisma: PrismaClient,
  trigger: { id: TriggerId; accountId: AccountId; resourceId: ResourceId },
  people: readonly string[],
): Promise<Map<string, Past>> {
  const pasts = new Map<string, Past>();
  const pastOf = (author: string) => {
    const past = pasts.get(author) ?? { servedAt: new Map(), triggerIds: new Set(), hasResource: false };
    pasts.set(author, past);
    return past;
  };
  for (let from = 0; from < people.length; from += peoplePerQuery) {
    const some = Prisma.sql`
      c.account_id = ${trigger.accountId}::uuid
      and c.external_id = any(${people.slice(from, from + peoplePerQuery)}::text[])`;
    const [given, served] = await Promise.all([
      prisma.$queryRaw<{ author: string; triggerId: TriggerId; same: boolean }[]>`
        select c.external_id as author, d.trigger_id as "triggerId",
               bool_or(d.resource_id = ${trigger.resourceId}::uuid) as same
        from contacts c join deliveries d on d.contact_id = c.id
        where ${some} and (d.state = 'waiting' or d.state = 'delivered')
        group by 1, 2`,
      prisma.$queryRaw<{ author: string; scope: string; servedAt: Date }[]>`
        select c.external_id as author, s.scope, s.served_at as "servedAt"
        from contacts c join servings s on s.contact_id = c.id and s.trigger_id = ${trigger.id}::uuid
        where ${some}`,
    ]);
    for (const { author, triggerId, same } of given) {
      const past = pastOf(author);
      past.triggerIds.add(triggerId);
      past.hasResource ||= same;
    }
    for (const { author, scope, servedAt } of served) pastOf(author).servedAt.set(scope, servedAt);
  }
  return pasts;
}
