import type { AuditActor } from '#audit';
import type { FailureClass, HoldReason, JsonObject, LeadStatus, ReplayKind, ReplayStatus, SkipCause, TenantId } from '#core';

/** Which leads, or which requests in quarantine; all that is given must fit. Names, codes and moments only, never values of people. */
export interface ReplayFilter {
  readonly status?: readonly LeadStatus[];
  readonly failure_class?: readonly FailureClass[];
  readonly reason_codes?: readonly string[];
  readonly hold_reason?: readonly HoldReason[];
  /** `<tenant>/<source name>` */
  readonly source?: string;
  /** `<tenant>/<destination name>` */
  readonly destination?: string;
  /** Of requests in quarantine. */
  readonly verdict?: readonly string[];
  /** Received at or after, received before: ISO 8601. */
  readonly from?: string;
  readonly to?: string;
}

/** What somebody asks for. */
export interface ReplayWish {
  readonly tenantId: TenantId;
  readonly kind: ReplayKind;
  readonly filter: ReplayFilter;
  /** Why, for people; it stands in the trail, so it names nobody. */
  readonly reason: string;
}

/** One replay, and how far it got. */
export interface Replay extends ReplayWish {
  readonly id: ReplayId;
  readonly requestedBy: AuditActor;
  readonly status: ReplayStatus;
  readonly ratePerSecond: number;
  /** Leads or requests found so far; final once it is no longer COLLECTING. */
  readonly total: number;
  readonly replayed: number;
  readonly skipped: number;
  readonly skippedBecause: Readonly<Partial<Record<SkipCause, number>>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export type ReplayId = string & { readonly __brand: 'ReplayId' };

/** Of one lead or request. `detail`: what a release was refused for. */
export type ItemOutcome = { readonly kind: 'replayed' } | { readonly kind: 'skipped'; readonly cause: SkipCause; readonly detail?: string };

/** Seconds until the rest is taken up at the replay's rate; null while it is not known or nothing is left to wait for. */
export function etaSecondsOf({ status, total, replayed, skipped, ratePerSecond }: Replay): number | null {
  return status === 'RUNNING' ? Math.ceil((total - replayed - skipped) / ratePerSecond) : null;
}

/** In the words of the HTTP interface, which are also those of `--json`. */
export function replayAsJson(replay: Replay): JsonObject {
  return {
    id: replay.id,
    tenant: replay.tenantId,
    kind: replay.kind,
    status: replay.status,
    filter: replay.filter as JsonObject,
    reason: replay.reason,
    requested_by: replay.requestedBy,
    rate_per_second: replay.ratePerSecond,
    total: replay.total,
    replayed: replay.replayed,
    skipped: replay.skipped,
    skipped_because: replay.skippedBecause as JsonObject,
    remaining: replay.total - replay.replayed - replay.skipped,
    eta_seconds: etaSecondsOf(replay),
    created_at: replay.createdAt.toISOString(),
    updated_at: replay.updatedAt.toISOString(),
    finished_at: replay.finishedAt?.toISOString() ?? null,
    href: `/v1/replays/${replay.id}`,
  };
}
