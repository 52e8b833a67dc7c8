import type { JsonObject, OperatorEventType, TenantId } from '#core';

/** An event as it is told. */
export interface ToldEvent {
  readonly id: string;
  readonly tenantId: TenantId | null;
  readonly type: OperatorEventType;
  readonly subject: string;
  readonly detail: JsonObject;
  /** On the clock of Postgres. */
  readonly at: Date;
}

export type TellingOutcome =
  | { readonly kind: 'told' }
  /** `says`: for people, without values of anybody. */
  | { readonly kind: 'failed'; readonly says: string; readonly retryAfterSeconds: number | null }
  /** 410: nobody there wants to be told any more. */
  | { readonly kind: 'gone'; readonly says: string };

/** Where operators are told. */
export abstract class OperatorWebhook {
  /** Never rejects: what went wrong is the outcome. Ends within ten seconds. */
  abstract tell(event: ToldEvent): Promise<TellingOutcome>;
}
