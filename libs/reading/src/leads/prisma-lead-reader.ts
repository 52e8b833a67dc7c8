import { Inject, Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@prisma/client';
import type { CallerOf } from '#access';
import { AuditTrail } from '#audit';
import type { DeliveryStatus, LeadId, LeadStatus, OmittedField, StageRecord, TenantId } from '#core';
import { inTransaction, Pools, PRISMA } from '#platform';
import { forTenant } from './for-tenant.js';
import { JsonText } from './json-text.js';
import type { DeliveryRecord, DuplicateHint, JourneyRecord, LeadRecord, Transition } from './lead-record.js';
import { waitsFor, type ServiceStanding, type WaitingDelivery, type WaitsFor } from './waits-for.js';

/** A look-up of one person's data. */
export interface LeadLookup {
  readonly leadId: LeadId;
  readonly route: string;
  readonly requestId: string;
}

/** Finds one lead with its whole story. Every look-up is bound to a tenant; the operator's is not, and leaves an audit event. */
@Injectable()
export class PrismaLeadReader {
  constructor(
    @Inject(PRISMA) private readonly prisma: PrismaClient,
    private readonly pools: Pools,
    private readonly trail: AuditTrail,
  ) {}

  /** By what the caller's key may see. */
  async findLeadFor(caller: CallerOf<'tenant' | 'operator'>, lookup: LeadLookup): Promise<LeadRecord | undefined> {
    if (caller.scope === 'operator') return this.findLeadAsOperator(caller.keyId, lookup);
    const lead = await this.findLead(caller.tenantId, lookup.leadId);
    return lead === undefined ? undefined : forTenant(lead);
  }

  /** @returns undefined for an id that is unknown or another tenant's; the two cannot be told apart */
  findLead(tenantId: TenantId, leadId: LeadId): Promise<LeadRecord | undefined> {
    return this.prisma.$transaction((moment) => readLead(moment, tenantId, leadId), { isolationLevel: 'RepeatableRead' });
  }

  /**
   * The operator's look-up across tenants: recorded as `lead.read` before anything is handed out. Nothing is recorded for an id that does
   * not exist: there is no tenant to record it for.
   */
  async findLeadAsOperator(keyId: string, { leadId, route, requestId }: LeadLookup): Promise<LeadRecord | undefined> {
    const owner = await this.prisma.lead.findUnique({ where: { id: leadId }, select: { tenantId: true } });
    if (owner === null) return undefined;
    const tenantId = owner.tenantId as TenantId;
    const detail = { route, requestId, key_id: keyId };
    await inTransaction(this.pools.work, (client) =>
      this.trail.append(client, [{ tenantId, leadId, type: 'lead.read', actor: 'operator', detail }]),
    );
    return this.findLead(tenantId, leadId);
  }
}

/** One query after the other: a transaction has one connection, and `include` of two relations would put two queries on it at once. */
async function readLead(moment: Prisma.TransactionClient, tenantId: TenantId, leadId: LeadId): Promise<LeadRecord | undefined> {
  const lead = await moment.lead.findFirst({ where: { id: leadId, tenantId }, omit: { payload: true, normalizedPayload: true } });
  if (lead === null) return undefined;
  const texts = await readTexts(moment, leadId);
  return {
    ...lead,
    status: lead.status as LeadStatus,
    payload: new JsonText(texts.payload),
    normalizedPayload: JsonText.orNull(texts.normalized),
    journeys: await readJourneys(moment, leadId),
    deliveries: await readDeliveries(moment, leadId),
    transitions: await readTransitions(moment, tenantId, leadId),
    feedback: await moment.feedbackEvent.findMany({ where: { leadId, tenantId }, orderBy: [{ receivedAt: 'asc' }, { id: 'asc' }] }),
  };
}

async function readJourneys(moment: Prisma.TransactionClient, leadId: LeadId): Promise<JourneyRecord[]> {
  const journeys = await moment.journey.findMany({ where: { leadId }, orderBy: { journeyNo: 'asc' }, include: { configVersion: true } });
  return journeys.map(({ configVersion, stages, ...journey }) => ({
    ...journey,
    duplicateHint: hintOf(journey),
    stages: stages as unknown as StageRecord[],
    configVersion: configVersion.version,
    rulesetVersion: configVersion.rulesetVersion,
    policyVersion: configVersion.policyVersion,
  }));
}

/** The three columns are filled together. */
function hintOf({ duplicateOfId, duplicateMatchedOn, duplicateSeenAt }: HintColumns): DuplicateHint | null {
  if (duplicateOfId === null || duplicateMatchedOn === null || duplicateSeenAt === null) return null;
  return { leadId: duplicateOfId, matchedOn: duplicateMatchedOn, seenAt: duplicateSeenAt };
}

interface HintColumns {
  readonly duplicateOfId: string | null;
  readonly duplicateMatchedOn: string | null;
  readonly duplicateSeenAt: Date | null;
}

async function readDeliveries(moment: Prisma.TransactionClient, leadId: LeadId): Promise<DeliveryRecord[]> {
  const deliveries = await moment.delivery.findMany({ where: { leadId }, orderBy: { id: 'asc' }, include: { destination: true } });
  const attempts = await moment.deliveryAttempt.findMany({ where: { leadId }, orderBy: { attemptNo: 'asc' } });
  const services = await readServices(moment, leadId);
  return deliveries.map(({ destination, omittedFields, ...delivery }) => ({
    ...delivery,
    destination: destination.name,
    waitsFor: waitsForOf(delivery, services),
    omittedFields: omittedFields as unknown as OmittedField[],
    attempts: attempts.filter(({ deliveryId }) => deliveryId === delivery.id),
  }));
}

type ServiceRow = ServiceStanding & { readonly id: string; readonly known: boolean; readonly now: Date };

/** What is remembered of the destinations of a lead, with the moment on the clock that their moments are of. */
function readServices(moment: Prisma.TransactionClient, leadId: LeadId): Promise<ServiceRow[]> {
  return moment.$queryRaw<ServiceRow[]>`
    SELECT DISTINCT delivery.destination_id AS id, service_id IS NOT NULL AS known, breaker.state, probe_at AS "probeAt",
           probe_lease_until AS "probeUntil", breaker.hold_until AS "holdUntil", paused_at AS "pausedAt", pause_reason AS "pauseReason",
           statement_timestamp() AS now
      FROM deliveries delivery LEFT JOIN breakers breaker ON breaker.service_id = delivery.destination_id
     WHERE delivery.lead_id = ${leadId}::uuid`;
}

function waitsForOf(
  { destinationId, status, ...delivery }: Omit<WaitingDelivery, 'status'> & { readonly destinationId: string; readonly status: string },
  services: readonly ServiceRow[],
): WaitsFor | null {
  const service = services.find(({ id }) => id === destinationId);
  if (service === undefined) return null;
  return waitsFor({ ...delivery, status: status as DeliveryStatus }, service.known ? service : undefined, service.now);
}

interface PayloadTexts {
  readonly payload: string;
  readonly normalized: string | null;
}

/** The payloads as Postgres writes them: Prisma would parse them and round integers beyond 2^53. */
async function readTexts(moment: Prisma.TransactionClient, leadId: LeadId): Promise<PayloadTexts> {
  const rows = await moment.$queryRaw<PayloadTexts[]>`
    SELECT payload::text AS payload, normalized_payload::text AS normalized FROM leads WHERE id = ${leadId}::uuid`;
  return rows[0] as PayloadTexts;
}

/** The lead's own changes of status; those of its deliveries are the deliveries' and attempts' to tell. */
async function readTransitions(moment: Prisma.TransactionClient, tenantId: TenantId, leadId: LeadId): Promise<Transition[]> {
  const events = await moment.auditEvent.findMany({
    where: { leadId, tenantId, type: { startsWith: 'lead.' }, toStatus: { not: null } },
    orderBy: [{ at: 'asc' }, { id: 'asc' }],
    select: { fromStatus: true, toStatus: true, at: true, actor: true, reason: true },
  });
  return events.map(({ fromStatus, toStatus, at, actor, reason }) => ({ from: fromStatus, to: toStatus as string, at, actor, reason }));
}
