import { v7 } from 'uuid';

/**
 * The id of a row, flavoured with what it identifies: a plain string is accepted, the id of another kind is not.
 * All are UUIDv7, so they sort by the time they were made.
 */
export type Id<Of extends string> = string & { readonly __of?: Of };

export type WorkspaceId = Id<'workspace'>;
export type ApiKeyId = Id<'api-key'>;
export type AccountId = Id<'account'>;
export type ResourceId = Id<'resource'>;
export type TriggerId = Id<'trigger'>;
export type ContactId = Id<'contact'>;
export type EventId = Id<'event'>;
export type DeliveryId = Id<'delivery'>;
export type MessageId = Id<'message'>;

export const newId: () => string = v7;
