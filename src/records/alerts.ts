import type { AlertKind } from '../alerts/kinds.ts';
import type { Alert, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, WorkspaceId } from '../ids.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export interface AlertView {
  id: string;
  accountId: AccountId;
  kind: string;
  detail: unknown;
  raisedAt: string;
  clearedAt: string | null;
}

export async function listAlerts(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & {
    accountId?: AccountId | undefined;
    kind?: AlertKind | undefined;
    /** Also those that are over. */
    cleared: boolean;
  },
): Promise<Page<AlertView>> {
  const { accountId, kind, cleared } = filter;
  const rows = await prisma.alert.findMany({
    where: {
      workspaceId,
      ...(accountId && { accountId }),
      ...(kind && { kind }),
      ...(!cleared && { clearedAt: null }),
      ...below(filter),
    },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toAlertView);
}

function toAlertView(row: Alert): AlertView {
  return {
    id: row.id,
    accountId: row.accountId,
    kind: row.kind,
    detail: row.detail,
    raisedAt: row.raisedAt.toISOString(),
    clearedAt: row.clearedAt?.toISOString() ?? null,
  };
}
