import type { PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type ResourceId, type TriggerId, type WorkspaceId } from '../ids.ts';
import { describeReason, type EventReason } from '../intake/reasons.ts';
import { Problem } from '../problem.ts';
import { asComment, type ExplainedTrigger, explainComment } from '../records/explain.ts';
import { completed, type TriggerDefinition } from '../triggers/definition.ts';
import { compileTriggers, type MatchableTrigger } from '../triggers/matcher.ts';
import { type Door, priceAt } from '../triggers/price.ts';
import { renderTemplate, type TemplateContext } from '../triggers/templates.ts';
import { findAccount } from './accounts.ts';
import { adapterFor, type Platforms } from './identify.ts';
import { templateErrors } from './template-check.ts';
import { type TriggerRow, triggersOf } from './trigger-views.ts';

/** A comment that nobody wrote, and what is to be asked about it. */
export interface TriggerTest {
  text: string;
  door: Door;
  at: Date;
  isReply: boolean;
  mediaId: string | null;
  /** Who would have written it. */
  username: string | null;
  accountId?: AccountId | undefined;
  /** Asks drafts as if they were active. */
  includeDrafts: boolean;
  /** A trigger that is not saved. With an `id` it stands in for that one of the account. */
  trigger?: (TriggerDefinition & UnsavedSettings) | undefined;
}

interface UnsavedSettings {
  id?: TriggerId | undefined;
  resourceId?: ResourceId | undefined;
  name: string;
  priority: number;
}

export interface TriggerTestResult {
  outcome: 'matched' | 'skipped';
  reason: EventReason;
  summary: string;
  /** In the order of arbitration. Without an id and a version for the one that is not saved. */
  triggers: (Omit<ExplainedTrigger, 'triggerId' | 'version'> & {
    triggerId: TriggerId | null;
    version: number | null;
  })[];
  answer: { triggerId: TriggerId | null; privateReplies: Rendered[]; publicReplies: Rendered[] } | null;
}

/** A template with the sample data in it. */
interface Rendered {
  variant: number;
  weight: number;
  text: string | null;
  /** Why it would not do, for people; null where it would. */
  problem: string | null;
}

const sampleResource = {
  name: 'Your resource',
  url: 'https://example.com/your-resource',
  text: 'The text of your resource',
};

/** What would happen to a comment. Writes nothing and sends nothing. */
export async function testTriggers(
  prisma: PrismaClient,
  platforms: Platforms,
  workspaceId: WorkspaceId,
  test: TriggerTest,
): Promise<TriggerTestResult> {
  const account =
    test.accountId === undefined ? null : await findAccountToTest(prisma, workspaceId, test.accountId);
  const saved = account ? await triggersOf(prisma, account.id) : [];
  const unsaved = test.trigger && toMatchable(test.trigger, saved);
  const asked = [
    ...saved.filter(({ id }) => id !== unsaved?.id).map((row) => asAsked(row, test.includeDrafts)),
    ...(unsaved ? [unsaved] : []),
  ];
  const set = compileTriggers(asked);
  const comment = asComment({
    ...test,
    kind: test.door === 'comment' ? 'comment' : 'message',
    parentId: test.isReply ? 'a comment' : null,
    receivedAt: test.at,
  });
  const triggers = explainComment(set, comment).map((explained) =>
    explained.triggerId === unsaved?.id
      ? { ...explained, triggerId: test.trigger?.id ?? null, version: null }
      : explained,
  );
  const match = set.match(comment);
  if (!match.matched) return { ...skipped(match.reason), triggers, answer: null };

  const winner = match.trigger;
  const resource = await findSample(
    prisma,
    workspaceId,
    winner === unsaved ? test.trigger?.resourceId : winner.resourceId,
  );
  const answer = {
    triggerId: winner === unsaved ? (test.trigger?.id ?? null) : winner.id,
    ...renderAnswers(
      { ...completed(winner.definition), doors: [test.door] },
      {
        contact: { username: test.username },
        resource,
        account: { username: account?.username ?? null },
        price: priceAt(test.door),
      },
      account && adapterFor(platforms, account.platform),
    ),
  };
  const isAnswered = answer.privateReplies.some(({ problem }) => problem === null);
  if (!isAnswered) return { ...skipped('message_unrenderable'), triggers, answer };
  return {
    outcome: 'matched',
    reason: 'trigger_matched',
    summary: `The trigger "${winner.name}" would fire on the keyword "${match.hit.keyword}".`,
    triggers,
    answer,
  };
}

function skipped(reason: EventReason): Pick<TriggerTestResult, 'outcome' | 'reason' | 'summary'> {
  return { outcome: 'skipped', reason, summary: describeReason(reason) };
}

async function findAccountToTest(prisma: PrismaClient, workspaceId: WorkspaceId, id: AccountId) {
  const account = await prisma.account.findFirst({ where: { id, workspaceId }, select: { id: true } });
  if (!account) throw unknown('account_unknown', 'account', '/accountId');
  return findAccount(prisma, workspaceId, id);
}

function asAsked(row: TriggerRow, includeDrafts: boolean): MatchableTrigger {
  return includeDrafts && row.state === 'draft' ? { ...row, state: 'active' } : row;
}

/** As the newest of its account, unless it stands in for another. */
function toMatchable(
  given: NonNullable<TriggerTest['trigger']>,
  saved: readonly TriggerRow[],
): MatchableTrigger {
  const { id, resourceId, name, priority, ...definition } = given;
  if (id !== undefined && !saved.some((row) => row.id === id)) {
    throw unknown('trigger_unknown', 'trigger of this account', '/trigger/id');
  }
  return {
    id: id ?? newId(),
    version: 1,
    name,
    state: 'active',
    priority,
    resourceId: resourceId ?? '',
    definition,
  };
}

async function findSample(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: ResourceId | undefined,
): Promise<TemplateContext['resource']> {
  if (id === undefined) return sampleResource;
  const resource = await prisma.resource.findFirst({
    where: { id, workspaceId },
    select: { name: true, url: true, text: true },
  });
  if (!resource) throw unknown('resource_unknown', 'resource', '/trigger/resourceId');
  return resource;
}

function unknown(
  code: 'account_unknown' | 'resource_unknown' | 'trigger_unknown',
  what: string,
  field: string,
) {
  return new Problem(422, code, `There is no such ${what} in your workspace.`, { field });
}

/** @param adapter null where no platform is named, whose limits could be checked */
function renderAnswers(
  definition: TriggerDefinition,
  context: TemplateContext,
  adapter: Parameters<typeof templateErrors>[2] | null,
): { privateReplies: Rendered[]; publicReplies: Rendered[] } {
  const errors = adapter ? templateErrors(definition, context, adapter) : [];
  const problems = new Map(errors.map(({ field, message }) => [field, message]));
  const render = (list: 'dmTemplates' | 'publicReplies') =>
    definition[list].map(({ text, weight }, variant) => {
      const rendered = tryRender(text, context);
      return {
        variant,
        weight,
        text: rendered.text,
        problem: rendered.problem ?? problems.get(`/${list}/${variant}/text`) ?? null,
      };
    });
  return { privateReplies: render('dmTemplates'), publicReplies: render('publicReplies') };
}

/** Of {Hi|Hey}: the same each time. */
const firstOption = () => 0;

function tryRender(
  template: string,
  context: TemplateContext,
): { text: string | null; problem: string | null } {
  try {
    const text = renderTemplate(template, context, firstOption);
    return text === '' ? { text, problem: 'comes out empty' } : { text, problem: null };
  } catch (error) {
    return { text: null, problem: error instanceof Error ? error.message : String(error) };
  }
}
