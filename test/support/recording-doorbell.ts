import { Doorbell, type LeadId } from '#core';

/** Remembers what was rung. */
export class RecordingDoorbell extends Doorbell {
  readonly rung: LeadId[] = [];
  full = false;
  override reserveLeads(): boolean {
    return !this.full;
  }
  override reserveDeliveries(): boolean {
    throw new Error('ingestion rings no deliveries');
  }
  override ringLeads(ids: readonly LeadId[]): void {
    this.rung.push(...ids);
  }
  override ringDeliveries(): void {
    throw new Error('ingestion rings no deliveries');
  }
}
