import { createPgPool, newId } from '#platform';
import { randomUUID } from 'node:crypto';
import {
  type DeliveryId,
  type DestinationId,
  Doorbell,
  type InboundRequestId,
  isJsonObject,
  type LeadId,
  type SourceId,
  type TenantId,
} from '#core';
import { AcceptLead } from '#ingestion';

/** Nobody processes in this benchmark: the rows are written as not rung. */
class NoDoorbell extends Doorbell {
  override reserveLeads(): boolean {
    return false;
  }
  override reserveDeliveries(): boolean {
    return false;
  }
  override ringLeads(_ids: readonly LeadId[]): void {}
  override ringDeliveries(_destinationId: DestinationId, _ids: readonly DeliveryId[]): void {}
}

/** The gateway's own group commit behind somebody else's HTTP: what the floor and the Express server share with it. */
export function leadWriter(databaseUrl: string): (body: Buffer) => Promise<string> {
  const pool = createPgPool({ url: databaseUrl, applicationName: 'bench-floor', max: 4 });
  const accept = new AcceptLead(pool, new NoDoorbell(), { quarantineBytesPerDay: 0 });
  return async (body) => {
    const payload: unknown = JSON.parse(body.toString('utf8'));
    if (!isJsonObject(payload)) throw new Error('not an object');
    const leadId = newId() as LeadId;
    const requestId = randomUUID();
    await accept.accept({
      kind: 'lead',
      acceptedStatus: 200,
      replayedStatus: 200,
      items: [{ leadId, itemNo: 0, nativeId: null, payload, verbatim: true, flags: [], key: null, senderKeySha256: null }],
      claimSeconds: null,
      inbound: {
        id: newId() as InboundRequestId,
        tenantId: 'demo' as TenantId,
        sourceId: 'demo/webhook' as SourceId,
        route: '/webhooks/leads',
        contentType: 'application/json',
        headers: '{}',
        query: null,
        remoteAddress: '127.0.0.1',
        requestId,
        correlationId: requestId,
        body,
        bodyBytes: body.length,
        bodyTruncated: false,
        keySha256: null,
      },
    });
    return JSON.stringify({ status: 'accepted', lead_id: leadId, correlation_id: requestId });
  };
}
