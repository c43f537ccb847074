/** What an owner is told of. Stored with the alert, so a name here never changes its meaning. */
export const alertKinds = [
  /** The platform does not let the account send. `detail.reason`, `detail.said` */
  'account_paused',
  /** Messages will expire before their turn comes. `detail.messages`, `detail.firstDeadlineAt` */
  'backlog',
  /** Of some messages only a person can tell whether they were sent. `detail.messages` */
  'unconfirmed',
  /** The account's credentials die soon and could not be renewed. `detail.expireAt`, `detail.said` */
  'credentials_expiring',
  /** A look through the account's posts found comments whose webhooks should have come. `detail.comments` */
  'webhooks_missing',
] as const;

export type AlertKind = (typeof alertKinds)[number];
