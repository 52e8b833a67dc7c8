import type { EarlierLead, Fingerprint, IdentityKind, LeadId } from '#core';
import { fingerprintsOf, type KeyRings } from '#keys';
import { Coalescer, type Logger, type Metrics, type Pool, sqlStateOf } from '#platform';
import { ClaimIndex, type ClaimAnswer, type ClaimQuery } from './claim-index.port.js';

/**
 * The second half finds leads that went on without their check and so have no claim; it is not even planned into a run while there are
 * none: the last line reads one entry of the index of such leads, which is empty in ordinary times. The asking lead's own place in time
 * decides who is earlier there, because nobody holds a claim.
 */
const LOOK = {
  name: 'look_up_claims',
  text: `with asked as materialized (
           select * from unnest($1::int[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::float8[])
             as asked (position, lead_id, tenant_id, kind, fingerprint, window_hours))
         select asked.position, asked.kind, held.lead_id, held.seen_at
           from asked cross join lateral (
                select claim.lead_id, claim.claimed_at as seen_at from identity_claims claim
                 where claim.tenant_id = asked.tenant_id and claim.kind = asked.kind and claim.fingerprint = asked.fingerprint
                   and claim.lead_id <> asked.lead_id and claim.expires_at > clock_timestamp() limit 1) held
         union all
         select asked.position, asked.kind, unchecked.lead_id, unchecked.seen_at
           from asked join leads me on me.id = asked.lead_id cross join lateral (
                ${unchecked('email')}
                union all
                ${unchecked('phone')}) unchecked
          where (select id from leads where duplicate_check_skipped order by id limit 1) is not null`,
};

function unchecked(kind: 'email' | 'phone'): string {
  return `(select lead.id as lead_id, lead.received_at as seen_at from leads lead
            where asked.kind = '${kind}' and lead.tenant_id = asked.tenant_id and lead.${kind}_fingerprint = asked.fingerprint
              and lead.duplicate_check_skipped and lead.status not in ('REJECTED', 'ERASED')
              and lead.received_at > clock_timestamp() - make_interval(secs => asked.window_hours * 3600)
              and (lead.received_at, lead.id) < (me.received_at, me.id)
            order by lead.received_at, lead.id limit 1)`;
}

interface Lookup {
  /** performance.now() */
  readonly since: number;
  readonly query: ClaimQuery;
  readonly fingerprints: readonly Fingerprint[];
}

interface Holder {
  readonly position: number;
  readonly kind: IdentityKind;
  readonly lead_id: LeadId;
  readonly seen_at: Date;
}

/**
 * Postgres, the authority over who was first. Look-ups of many leads share one statement. Its pool is its own, with 250 ms for a lock
 * and for a statement (CONTRACTS 3): what it cannot say in that time counts as not checked. Who was waiting when it failed to answer
 * is not kept waiting for the next try, so that no decision takes much longer than two of them, however many leads come.
 */
export class PgClaimIndex extends ClaimIndex {
  private readonly lookups: Coalescer<Lookup, EarlierLead | null | 'unavailable'>;
  /** performance.now() of the last failure. */
  private failedAt = Number.NEGATIVE_INFINITY;
  private failing = false;

  constructor(
    private readonly pool: Pool,
    private readonly rings: KeyRings,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    super();
    this.lookups = new Coalescer({
      name: 'look_up_claims',
      flush: (batch) => this.answer(batch),
      sortKey: ({ query }) => query.leadId,
      onFlush: metrics.flushOf('look_up_claims'),
    });
  }

  override async look(query: ClaimQuery): Promise<ClaimAnswer> {
    const ring = this.rings.ringOf(query.tenantId);
    const compares = query.identities.length > 0;
    if (ring === null) return compares ? { skipped: 'no_key', fingerprints: [] } : { earlier: null, fingerprints: [] };
    const compared = fingerprintsOf(ring, query.tenantId, query.identities);
    const fingerprints = [...compared, ...fingerprintsOf(ring, query.tenantId, query.alsoIndexed)];
    if (!compares) return { earlier: null, fingerprints };
    if (query.check === 'skipped') return { skipped: 'unavailable', fingerprints };
    const earlier = await this.lookups.submit({ query, fingerprints: compared, since: performance.now() });
    return earlier === 'unavailable' ? { skipped: 'unavailable', fingerprints } : { earlier, fingerprints };
  }

  private async answer(batch: readonly Lookup[]): Promise<(EarlierLead | null | 'unavailable')[]> {
    const patient = batch.filter(({ since }) => since > this.failedAt);
    const answers = new Map<Lookup, EarlierLead | null>();
    try {
      const found = patient.length === 0 ? [] : await this.lookUp(patient);
      patient.forEach((lookup, index) => answers.set(lookup, found[index] ?? null));
      if (patient.length > 0) this.tellRecovery();
    } catch (error) {
      this.failedAt = performance.now();
      this.tellFailure(error);
    }
    return batch.map((lookup) => answers.get(lookup) ?? (answers.has(lookup) ? null : 'unavailable'));
  }

  private async lookUp(batch: readonly Lookup[]): Promise<(EarlierLead | null)[]> {
    const asked = batch.flatMap(({ query, fingerprints }, position) =>
      fingerprints.map((fingerprint) => ({ position, query, fingerprint })),
    );
    const { rows } = await this.pool.query<Holder>({
      ...LOOK,
      values: [
        asked.map(({ position }) => position),
        asked.map(({ query }) => query.leadId),
        asked.map(({ query }) => query.tenantId),
        asked.map(({ fingerprint }) => fingerprint.kind),
        asked.map(({ fingerprint }) => fingerprint.value),
        asked.map(({ query }) => query.windowHours),
      ],
    });
    const holders = new Map<number, Holder[]>();
    for (const row of rows) holders.set(row.position, [...(holders.get(row.position) ?? []), row]);
    return batch.map(({ query }, position) => earliest(holders.get(position) ?? [], query));
  }

  /** Once per outage, with the code only: an error of Postgres may repeat what it was given. */
  private tellFailure(error: unknown): void {
    if (this.failing) return;
    this.failing = true;
    const name = error instanceof Error ? error.name : typeof error;
    this.logger.warn(
      { component: 'dedup', error_name: name, sqlstate: sqlStateOf(error) },
      'the duplicate check does not answer: leads go on without it, flagged, and are checked later',
    );
  }

  private tellRecovery(): void {
    if (this.failing) this.logger.info({ component: 'dedup' }, 'the duplicate check answers again');
    this.failing = false;
  }
}

/** The lead that was first; of several identities both share, the one the tenant names first. */
function earliest(holders: readonly Holder[], { identities }: ClaimQuery): EarlierLead | null {
  const rank = (kind: IdentityKind): number => identities.findIndex((identity) => identity.kind === kind);
  const [first] = [...holders].sort(
    (a, b) =>
      a.seen_at.getTime() - b.seen_at.getTime() || (a.lead_id < b.lead_id ? -1 : a.lead_id > b.lead_id ? 1 : rank(a.kind) - rank(b.kind)),
  );
  return first === undefined ? null : { leadId: first.lead_id, matchedOn: first.kind, seenAt: first.seen_at };
}
