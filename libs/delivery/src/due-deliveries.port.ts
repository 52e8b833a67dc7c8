import type { DeliveryId, DestinationId, TenantId } from '#core';

export interface WaitingDelivery {
  readonly id: DeliveryId;
  readonly tenantId: TenantId;
  readonly destinationId: DestinationId;
  /** On the clock of Postgres. */
  readonly due: boolean;
}

/** Deliveries that wait for an attempt. Abstract class, so that it is also the injection token. */
export abstract class DueDeliveries {
  /** null: it waits for nothing (it is being sent, is held, or came to an end). */
  abstract look(id: DeliveryId): Promise<WaitingDelivery | null>;
  /** Nobody works on these: whoever polls rings them when they are due. */
  abstract unring(ids: readonly DeliveryId[]): Promise<void>;
  /** They cannot be sent now: due again later, with the reason to be read. No attempt is counted. */
  abstract park(ids: readonly DeliveryId[], seconds: number, reason: string): Promise<void>;
}
