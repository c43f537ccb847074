/** What the ledger records. A name here never changes its meaning, because entries never change. */
export const ledgerKinds = [
  /** A comment fired a trigger: a delivery began. `detail.keyword`, `detail.triggerVersion` */
  'comment.matched',
  /** A reader gave something. `detail.payment`: comment · connection · follow · email */
  'payment.made',
  /** A message left; the platform confirmed it. `detail.kind`, `detail.externalId`, `detail.attempts` */
  'message.sent',
  /** The reader has the resource: the delivery is complete. */
  'resource.given',
  /** A message was refused for good. `detail.kind`, `detail.reason` */
  'message.failed',
  /** It is not known whether a message left. `detail.kind`, `detail.reason` */
  'message.unconfirmed',
  /** A message could not be sent while the platform's window was open. `detail.kind`, `detail.reason` */
  'message.expired',
  /** A delivery ended without giving the resource. `detail.reason` */
  'delivery.failed',
  'delivery.expired',
  /** The platform does not let the account send; its messages wait. `detail.reason`, `detail.said` */
  'account.paused',
] as const;

export type LedgerKind = (typeof ledgerKinds)[number];
