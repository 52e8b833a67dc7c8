import { Inject, Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@prisma/client';
import { type CallerOf, OPERATORS_TRAIL, scopeOf, tenantCondition, type TenantScope } from '#access';
import { AuditTrail } from '#audit';
import { type FailureClass, firstIdAt, type LeadStatus, REASON_CODES } from '#core';
import { inTransaction, pageOf, Pools, PRISMA, type RecentQuery, type TenantQuery } from '#platform';
import { listedLeadOf } from './lead-answers.js';
import { type IdentityCondition, IdentitySearch } from './identity-search.js';
import type { LeadCounts, LeadsPage, RecentLead } from './lead-shapes.js';
import type { LeadsQuery } from './leads-query.js';

/**
 * `received_at` decides whether a lead lies in a span of time, the primary key finds the span: ids begin with the gateway's time, which may
 * differ from that of Postgres. A lead made by a gateway whose clock was off by more than this is not found by time.
 */
const CLOCK_SLACK_MS = 3_600_000;

/** Counts and lists: what one sees of many leads at once. Nothing here shows data of a person. */
@Injectable()
export class PrismaLeadLists {
  constructor(
    @Inject(PRISMA) private readonly prisma: PrismaClient,
    private readonly identities: IdentitySearch,
    private readonly pools: Pools,
    private readonly trail: AuditTrail,
  ) {}

  async counts(scope: TenantScope, { tenant }: TenantQuery): Promise<LeadCounts> {
    const groups = await this.prisma.lead.groupBy({ by: ['status'], where: { tenantId: tenantCondition(scope, tenant) }, _count: true });
    const byStatus = new Map(groups.map((group) => [group.status, group._count]));
    const of = (status: LeadStatus): number => byStatus.get(status) ?? 0;
    const counts = {
      received: of('RECEIVED'),
      rejected: of('REJECTED'),
      ready: of('READY'),
      delivered: of('DELIVERED'),
      failed: of('FAILED'),
      permanently_failed: of('PERMANENTLY_FAILED'),
      held: of('HELD'),
      kept: of('KEPT'),
    };
    return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
  }

  async recent(scope: TenantScope, { tenant, limit }: RecentQuery): Promise<RecentLead[]> {
    const leads = await this.prisma.lead.findMany({
      where: { tenantId: tenantCondition(scope, tenant) },
      orderBy: { id: 'desc' },
      take: limit,
      select: { id: true, receivedAt: true, status: true, rejectionReason: true },
    });
    return leads.map(({ id, receivedAt, status, rejectionReason }) => ({
      id,
      received_at: receivedAt,
      status: status as LeadStatus,
      rejection_reason: rejectionReason,
    }));
  }

  /**
   * Newest first. The cursor is the last id of a page, so leads that arrive meanwhile move nothing. An operator who looks for a person
   * through all tenants leaves `lead.searched` before anything is handed out: by which fields, never for whom.
   */
  async page(caller: CallerOf<'tenant' | 'operator'>, query: LeadsQuery, requestId: string): Promise<LeadsPage> {
    const fields = (['email', 'phone'] as const).filter((field) => query[field] !== undefined);
    if (caller.scope === 'operator' && fields.length > 0) await this.recordSearch(caller.keyId, fields, requestId);
    const scope = scopeOf(caller);
    const rows = await this.prisma.lead.findMany({
      where: { ...conditionsOf(scope, query), ...anyOf(this.identities.conditionsFor(scope, query)) },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
      omit: { payload: true, normalizedPayload: true },
    });
    const page = pageOf(rows, query.limit);
    const leads = page.rows.map((lead) => listedLeadOf({ ...lead, status: lead.status as LeadStatus }));
    return { leads, next_cursor: page.next_cursor };
  }

  private async recordSearch(keyId: string, fields: readonly string[], requestId: string): Promise<void> {
    const detail = { route: '/v1/leads', requestId, key_id: keyId, fields: [...fields] };
    await inTransaction(this.pools.work, (client) =>
      this.trail.append(client, [{ tenantId: OPERATORS_TRAIL, type: 'lead.searched', actor: 'operator', detail }]),
    );
  }
}

function conditionsOf(scope: TenantScope, query: LeadsQuery): Prisma.LeadWhereInput {
  const from = query.received_from === undefined ? undefined : new Date(query.received_from);
  const to = query.received_to === undefined ? undefined : new Date(query.received_to);
  return {
    tenantId: tenantCondition(scope, query.tenant),
    sourceId: query.source,
    status: query.status && { in: query.status },
    receivedAt: { gte: from, lt: to },
    AND: [
      { id: { lt: query.cursor } },
      { id: { gte: from && firstIdAt(from.getTime() - CLOCK_SLACK_MS), lt: to && firstIdAt(to.getTime() + CLOCK_SLACK_MS) } },
      failedAs(query.failure_class),
      query.reason === undefined ? {} : { OR: [{ reasonCodes: { has: query.reason } }, { holdReason: query.reason }] },
    ],
  };
}

/** A lead that could not be mapped for any destination failed without a delivery. */
function failedAs(classes: readonly FailureClass[] | undefined): Prisma.LeadWhereInput {
  if (classes === undefined) return {};
  const dead = { status: 'PERMANENTLY_FAILED', supersededAt: null, failureClass: { in: [...classes] } };
  const unmapped = { status: 'PERMANENTLY_FAILED', reasonCodes: { has: REASON_CODES.missingTargetField } };
  return { OR: [{ deliveries: { some: dead } }, ...(classes.includes('missing_field') ? [unmapped] : [])] };
}

function anyOf(conditions: readonly IdentityCondition[] | undefined): Prisma.LeadWhereInput {
  if (conditions === undefined) return {};
  const oneOf = (hashes: IdentityCondition['emails']) => hashes && { in: [...hashes] };
  return {
    OR: conditions.map(({ tenantId, emails, phones }) => ({
      tenantId,
      emailFingerprint: oneOf(emails),
      phoneFingerprint: oneOf(phones),
    })),
  };
}
