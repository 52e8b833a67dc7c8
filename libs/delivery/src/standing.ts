import type { DeliveryId, DeliveryStatus, LeadId, LeadStatus } from '#core';

/** A lead, locked, and its deliveries as they are under that lock. */
export interface LeadStanding {
  readonly id: LeadId;
  readonly status: LeadStatus;
  readonly holdReason: string | null;
  /** What it was sent as an id only is there. */
  readonly fetched: boolean;
}

export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly leadId: LeadId;
  /** A fetch has no say in what a lead's deliveries come to. */
  readonly purpose: 'deliver' | 'fetch';
  readonly status: DeliveryStatus;
  readonly attemptNo: number;
  /** Attempts of earlier rounds; the schedule began anew after them. */
  readonly attemptsBefore: number;
  readonly superseded: boolean;
  readonly holdReason: string | null;
}
