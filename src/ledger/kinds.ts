/** What the ledger records. A name here never changes its meaning, because entries never change. */
export const ledgerKinds = [
  /** A comment fired a trigger: a delivery began. `detail.keyword`, `detail.triggerVersion` */
  'comment.matched',
  /** The same of a private message. */
  'message.matched',
  /** A comment that no webhook had told of was found in a list. `detail.by`: backfill · reconcile, `detail.backfillId` */
  'event.found',
  /**
   * A comment that had been skipped was decided about again by a back-fill, and matched. `detail.was` is the reason for
   * which it had been skipped, `detail.backfillId`
   */
  'event.reconsidered',
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
  /** An attempt of unknown outcome did not arrive, or a second is refused by the platform: it goes out again. */
  'message.repeated',
  /** A person decided what became of an unconfirmed message. `detail.as`, `detail.keyId` */
  'message.resolved',
  /** A message could not be sent while the platform's window was open. `detail.kind`, `detail.reason` */
  'message.expired',
  /** A delivery ended without giving the resource. `detail.reason` */
  'delivery.failed',
  'delivery.expired',
  /** A trigger matched, and the contact was not served. `detail.reason` */
  'delivery.skipped',
  /** A delivery that failed or expired was begun anew. `detail.replayOfId`, `detail.keyId` */
  'delivery.replayed',
  /** The platform does not let the account send; its messages wait. `detail.reason`, `detail.said` */
  'account.paused',
  /** A try showed that the account may send again. `detail.reason` is why it had been paused */
  'account.resumed',
] as const;

export type LedgerKind = (typeof ledgerKinds)[number];
