import type { DestinationId } from '#core';
import type { ConfiguredDestinations } from '../configured-destinations.js';
import { tenantOf } from '../configured-destinations.js';
import { ServiceRecords } from './service-records.port.js';

/**
 * What the configuration says about services that are not called: a pause ends when another version has another object for the destination,
 * because somebody has mended something; a breaker that was switched off closes. Safe in any number of processes at once.
 */
export class TendServices {
  constructor(
    private readonly records: ServiceRecords,
    private readonly destinations: ConfiguredDestinations,
  ) {}

  async runOnce(): Promise<void> {
    await this.records.resumeChanged();
    const open = await this.records.notClosed();
    const switchedOff = open.filter((id) => this.isSwitchedOff(id));
    if (switchedOff.length > 0) await this.records.close(switchedOff);
  }

  private isSwitchedOff(id: DestinationId): boolean {
    const found = this.destinations.find(tenantOf(id), id);
    return !('problem' in found) && found.breaker.failures === null;
  }
}
