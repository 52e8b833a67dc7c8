import { Inject, Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@prisma/client';
import { type CallerOf, tenantCondition, type TenantScope } from '#access';
import { AuditTrail } from '#audit';
import type { InboundRequestId, TenantId } from '#core';
import { inTransaction, pageOf, Pools, PRISMA } from '#platform';
import type { QuarantinedRequest, QuarantinedRequestInFull, QuarantinePage, QuarantineQuery } from './quarantine-shapes.js';

/** The same words as the partial index inbound_requests_refused. */
const REFUSED: Prisma.InboundRequestWhereInput = { AND: [{ verdict: { not: 'accepted' } }, { verdict: { not: 'replayed' } }] };

const LISTED = {
  id: true,
  receivedAt: true,
  tenantId: true,
  sourceId: true,
  route: true,
  verdict: true,
  verdictDetail: true,
  statusCode: true,
  contentType: true,
  bodyBytes: true,
  bodyTruncated: true,
  requestId: true,
  correlationId: true,
  releasedAt: true,
  releasedLeadId: true,
} satisfies Prisma.InboundRequestSelect;

type InboundRequestRow = Prisma.InboundRequestGetPayload<object>;

/** Requests that did not become a lead, for whoever looks for a way to let them in. */
@Injectable()
export class PrismaQuarantine {
  constructor(
    @Inject(PRISMA) private readonly prisma: PrismaClient,
    private readonly pools: Pools,
    private readonly trail: AuditTrail,
  ) {}

  /** Newest first. The cursor is the last id of a page, so requests that arrive meanwhile move nothing. */
  async page(scope: TenantScope, { tenant, verdict, released, cursor, limit }: QuarantineQuery): Promise<QuarantinePage> {
    const rows = await this.prisma.inboundRequest.findMany({
      where: {
        ...REFUSED,
        id: { lt: cursor },
        tenantId: tenantCondition(scope, tenant),
        ...(verdict === undefined ? {} : { verdict }),
        ...(released === undefined ? {} : { releasedAt: released ? { not: null } : null }),
      },
      orderBy: { id: 'desc' },
      take: limit + 1,
      select: LISTED,
    });
    const page = pageOf(rows, limit);
    return { requests: page.rows.map(listed), next_cursor: page.next_cursor };
  }

  /** By what the caller's key may see. */
  findFor(caller: CallerOf<'tenant' | 'operator'>, id: InboundRequestId, requestId: string): Promise<QuarantinedRequestInFull | undefined> {
    return caller.scope === 'operator' ? this.findAsOperator(caller.keyId, id, requestId) : this.find(caller.tenantId, id);
  }

  /** @returns undefined for an id that is unknown, another tenant's or nobody's; they cannot be told apart */
  async find(tenantId: TenantId, id: InboundRequestId): Promise<QuarantinedRequestInFull | undefined> {
    const row = await this.prisma.inboundRequest.findFirst({ where: { ...REFUSED, id, tenantId } });
    return row === null ? undefined : inFull(row);
  }

  /** The operator's look at what arrived, across tenants: recorded before it is handed out. */
  async findAsOperator(keyId: string, id: InboundRequestId, requestId: string): Promise<QuarantinedRequestInFull | undefined> {
    const row = await this.prisma.inboundRequest.findFirst({ where: { ...REFUSED, id } });
    if (row === null) return undefined;
    if (row.tenantId !== null) {
      const tenantId = row.tenantId as TenantId;
      const detail = { inbound_request_id: id, request_id: requestId, key_id: keyId };
      await inTransaction(this.pools.work, (client) =>
        this.trail.append(client, [{ tenantId, type: 'request.read', actor: 'operator', detail }]),
      );
    }
    return inFull(row);
  }
}

function inFull(row: InboundRequestRow): QuarantinedRequestInFull {
  return {
    ...listed(row),
    headers: row.headers as Record<string, string>,
    query: row.query,
    remote_address: row.remoteAddress,
    body_sha256: Buffer.from(row.bodySha256).toString('hex'),
    body_text: row.bodyText,
    body_base64: Buffer.from(row.body).toString('base64'),
  };
}

function listed(row: Prisma.InboundRequestGetPayload<{ select: typeof LISTED }>): QuarantinedRequest {
  return {
    id: row.id,
    received_at: row.receivedAt,
    tenant: row.tenantId,
    source: row.sourceId,
    route: row.route,
    verdict: row.verdict,
    verdict_detail: row.verdictDetail,
    status_code: row.statusCode,
    content_type: row.contentType,
    body_bytes: Number(row.bodyBytes),
    body_truncated: row.bodyTruncated,
    request_id: row.requestId,
    correlation_id: row.correlationId,
    released_at: row.releasedAt,
    released_lead_id: row.releasedLeadId,
    href: `/v1/quarantine/${row.id}`,
  };
}
