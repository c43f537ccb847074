import type { PrismaClient } from '../db/generated/client.ts';
import type { TriggerId, WorkspaceId } from '../ids.ts';
import { notFound } from '../problem.ts';
import { type Interval, wilson } from './wilson.ts';

/** What came of the private messages that one text was drawn for. */
export interface VariantResult {
  text: string;
  /** Whether the version in force still draws it. */
  current: boolean;
  sent: number;
  /** The platform said that the person has read it. */
  opened: Outcome;
  /** The person reacted to it. */
  thanked: Outcome;
  /** The person wrote something after it. */
  answered: Outcome;
}

interface Outcome {
  count: number;
  share: number | null;
  /** Where the true share lies, at 95 %. */
  interval: Interval;
}

export const measures = ['opened', 'thanked', 'answered'] as const;
type Measure = (typeof measures)[number];

export interface VariantResults {
  /** The latest sent messages of the trigger that were looked at. */
  considered: number;
  variants: VariantResult[];
  /** For each measure the text that does better than every other for certain; null as long as none does. */
  ahead: Record<Measure, string | null>;
}

/** Older ones say little about the texts of today, and a million of them would take seconds. */
const maxConsidered = 20_000;

type Row = { text: string; current: boolean; sent: number } & Record<Measure, number>;

/** Texts are told apart by what they say, so that a change of something else in the trigger does not begin anew. */
export async function readVariants(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  triggerId: TriggerId,
): Promise<VariantResults> {
  const trigger = await prisma.trigger.findFirst({ where: { id: triggerId, workspaceId } });
  if (!trigger) throw notFound('trigger');
  const rows = await prisma.$queryRaw<Row[]>`
    with recent as (
      select id, account_id, contact_id, trigger_version from deliveries
      where trigger_id = ${triggerId}::uuid and state = 'delivered' order by id desc limit ${maxConsidered}
    ),
    sent as (
      select v.definition->'dmTemplates'->m.variant->>'text' as text, e.reads, e.reactions,
             coalesce(w.last_inbound_at > m.settled_at, false) as answered
      from recent d
      join messages m on m.delivery_id = d.id and m.kind <> 'public_reply' and m.state = 'sent'
      join contacts c on c.id = d.contact_id
      join trigger_versions v on v.trigger_id = ${triggerId}::uuid and v.version = d.trigger_version
      left join conversations w on w.account_id = d.account_id and w.external_id = c.messaging_id
      cross join lateral (
        select count(*) filter (where kind = 'read') > 0 as reads, count(*) filter (where kind = 'reaction') > 0 as reactions
        from events
        where account_id = d.account_id and external_id = m.external_id and (kind = 'read' or kind = 'reaction')
      ) e
    ),
    templates as (
      select t->>'text' as text
      from trigger_versions v cross join jsonb_array_elements(v.definition->'dmTemplates') t
      where v.trigger_id = ${triggerId}::uuid and v.version = ${trigger.version}
    )
    select coalesce(s.text, t.text) as text, t.text is not null as current, count(s.text)::int as sent,
           (count(*) filter (where s.reads))::int as opened,
           (count(*) filter (where s.reactions))::int as thanked,
           (count(*) filter (where s.answered))::int as answered
    from sent s full join (select distinct text from templates) t on t.text = s.text
    group by 1, 2 order by 3 desc, 1`;
  const variants = rows.map(toResult);
  return {
    considered: variants.reduce((sum, { sent }) => sum + sent, 0),
    variants,
    ahead: {
      opened: ahead(variants, 'opened'),
      thanked: ahead(variants, 'thanked'),
      answered: ahead(variants, 'answered'),
    },
  };
}

function toResult({ text, current, sent, ...counts }: Row): VariantResult {
  const outcome = (count: number): Outcome => ({
    count,
    share: sent === 0 ? null : count / sent,
    interval: wilson(count, sent),
  });
  return {
    text,
    current,
    sent,
    opened: outcome(counts.opened),
    thanked: outcome(counts.thanked),
    answered: outcome(counts.answered),
  };
}

/** Ahead is whose worst is better than the best of every other: with few messages nobody is. */
function ahead(variants: readonly VariantResult[], measure: Measure): string | null {
  if (variants.length < 2) return null;
  const best = variants.find((one) =>
    variants.every((other) => other === one || one[measure].interval.low > other[measure].interval.high),
  );
  return best?.text ?? null;
}
