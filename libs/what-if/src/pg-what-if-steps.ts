import {
  type Decision,
  type DestinationId,
  type Fingerprint,
  type IdentityKind,
  type JsonObject,
  LEAD_STATUSES,
  type LeadId,
  type OutcomeKind,
  type SourceId,
  sourceIdOf,
} from '#core';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import type { HeldClaim } from './held-claims.js';
import { firstIdAt, WHAT_IF_COLUMNS, type WhatIfRow, whatIfOf, WITH_VERSIONS } from './pg-what-if-rows.js';
import { sentBy, type Told } from './told.js';
import type { WhatIf } from './what-if.js';
import { type StepResult, type VersionName, type WhatIfLead, type WhatIfStep, WhatIfSteps } from './what-if-steps.port.js';

/** The run that waited longest, so that several of them go on together. */
const NEXT_RUN = {
  name: 'next_what_if',
  text: `select ${WHAT_IF_COLUMNS} from what_ifs run ${WITH_VERSIONS}
          where run.status = 'RUNNING' order by run.updated_at limit 1 for update of run skip locked`,
};

/** By tenant, status and id, which is an index; erased leads are not among the statuses. */
const LEADS = {
  name: 'what_if_leads',
  text: `with page as materialized (
           select found.id from unnest($2::text[]) as status (name) cross join lateral (
                  select id from leads where tenant_id = $1 and leads.status = status.name and id > $3 and id < $4 order by id limit $5) found
            order by found.id limit $5)
         select lead.id, lead.source_id, lead.native_id, lead.request_id, lead.received_at, lead.payload, lead.flags, lead.journey_no,
                coalesce(lead.hold_reason = 'poison', false) as is_poison, journey.outcome, journey.decision, journey.reason_codes,
                journey.duplicate_of, journey.duplicate_matched_on, planned.deliveries
           from page join leads lead on lead.id = page.id
           left join journeys journey on journey.lead_id = lead.id and journey.journey_no = lead.journey_no
           left join lateral (
                select jsonb_agg(jsonb_build_object('destinationId', newest.destination_id, 'contentType', newest.content_type,
                                                    'payload', newest.payload, 'failed', newest.payload = '')) as deliveries
                  from (select distinct on (destination_id) * from deliveries
                         where lead_id = lead.id and purpose = 'deliver' and superseded_at is null order by destination_id, epoch desc) newest
                ) planned on true
          order by lead.id`,
};

interface LeadRow {
  readonly id: LeadId;
  readonly source_id: SourceId;
  readonly native_id: string | null;
  readonly request_id: string;
  readonly received_at: Date;
  readonly payload: JsonObject;
  readonly flags: readonly string[];
  readonly journey_no: number;
  readonly is_poison: boolean;
  readonly outcome: OutcomeKind | null;
  readonly decision: Decision;
  readonly reason_codes: readonly string[];
  readonly duplicate_of: LeadId | null;
  readonly duplicate_matched_on: IdentityKind | null;
  readonly deliveries:
    | readonly { readonly destinationId: DestinationId; readonly contentType: string; readonly payload: string; readonly failed: boolean }[]
    | null;
}

const HELD = {
  name: 'what_if_held',
  text: `select kind, fingerprint, lead_id as "leadId", claimed_at as "claimedAt", expires_at as "expiresAt" from what_if_claims
          where what_if_id = $1 and version = $2 and (kind, fingerprint) in (select * from unnest($3::text[], $4::bytea[]))`,
};

/** Held until the step is committed: whoever erases one of them comes after its claims and finds them, or came before and it has none. */
const HOLD = {
  name: 'what_if_hold',
  text: `select id from leads where id = any($1::uuid[]) and status <> 'ERASED' order by id for share`,
};

const CLAIM = {
  name: 'what_if_claim',
  text: `insert into what_if_claims (what_if_id, version, kind, fingerprint, lead_id, claimed_at, expires_at)
         select $1, $2, * from unnest($3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[], $7::timestamptz[])
         on conflict (what_if_id, version, kind, fingerprint) do update
            set lead_id = excluded.lead_id, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at`,
};

const DIFFER = {
  name: 'what_if_differ',
  text: `insert into what_if_differences (what_if_id, lead_id, kind, subject, before, after)
         select $1, lead_id, kind, subject, before::jsonb, after::jsonb
           from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) as found (lead_id, kind, subject, before, after)`,
};

const PROGRESS = {
  name: 'what_if_progress',
  text: `update what_ifs set done = $2, last_lead_id = coalesce($3, last_lead_id), summary = $4, updated_at = clock_timestamp(),
                status = case when $5 then 'FINISHED' else status end, total = case when $5 then $2 else total end,
                finished_at = case when $5 then clock_timestamp() end
          where id = $1`,
};
const FAIL = `update what_ifs set status = 'FAILED', problem = $2, updated_at = clock_timestamp(), finished_at = clock_timestamp() where id = $1`;
/** Of runs that have ended; a batch at a time, because there may be millions. */
const FORGET_CLAIMS = {
  name: 'what_if_forget_claims',
  text: `delete from what_if_claims claim using (
           select held.* from what_ifs run cross join lateral (
                  select what_if_id, version, kind, fingerprint from what_if_claims where what_if_id = run.id limit 5000) held
            where run.status <> 'RUNNING' limit 5000) over
          where claim.what_if_id = over.what_if_id and claim.version = over.version and claim.kind = over.kind and claim.fingerprint = over.fingerprint`,
};

/** More than this many undecided leads that came more than a second ago. */
const FRESH_LEADS = 100;
const FRESH_LEADS_WAIT = {
  name: 'what_if_fresh_leads',
  text: `select count(*) > ${FRESH_LEADS} as wait from (
           select from leads where status = 'RECEIVED' and received_at < clock_timestamp() - interval '1 second' limit ${FRESH_LEADS + 1}) waiting`,
};

const STATUSES = LEAD_STATUSES.filter((status) => status !== 'ERASED');

/**
 * A step is one transaction that holds the row of its run, so that a run is worked on by one process at a time, a cancellation waits for the
 * step in hand, and a process that dies in the middle of one has done nothing.
 */
export class PgWhatIfSteps extends WhatIfSteps {
  constructor(private readonly pool: Pool) {
    super();
  }

  override next(work: (step: WhatIfStep) => Promise<void>): Promise<boolean> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<WhatIfRow>(NEXT_RUN);
      const [row] = rows;
      if (row === undefined) return false;
      await work(new PgStep(client, whatIfOf(row), row.last_lead_id));
      return true;
    });
  }

  override async forgetClaims(): Promise<void> {
    await this.pool.query(FORGET_CLAIMS);
  }

  override async freshLeadsWait(): Promise<boolean> {
    const { rows } = await this.pool.query<{ wait: boolean }>(FRESH_LEADS_WAIT);
    return rows[0]?.wait === true;
  }
}

class PgStep implements WhatIfStep {
  constructor(
    private readonly client: PoolClient,
    readonly run: WhatIf,
    private readonly after: string | null,
  ) {}

  async leads(most: number): Promise<WhatIfLead[]> {
    const { tenantId, filter } = this.run;
    const begin = new Date(filter.from.getTime() - filter.warmUpHours * 3_600_000);
    const values = [tenantId, STATUSES, this.after ?? firstIdAt(begin), firstIdAt(filter.to), most];
    const { rows } = await this.client.query<LeadRow>({ ...LEADS, values });
    const first = firstIdAt(filter.from);
    const source = filter.source === null ? null : sourceIdOf(tenantId, filter.source);
    return rows.map((row) => ({
      lead: {
        id: row.id,
        tenantId,
        sourceId: row.source_id,
        nativeId: row.native_id,
        requestId: row.request_id,
        receivedAt: row.received_at,
        payload: row.payload,
        flags: row.flags,
        journeyNo: row.journey_no + 1,
        crashCount: 0,
      },
      isCompared: row.id >= first && (source === null || row.source_id === source),
      isPoison: row.is_poison,
      recorded: recordedIn(row),
    }));
  }

  async held(version: VersionName, fingerprints: readonly Fingerprint[]): Promise<HeldClaim[]> {
    if (fingerprints.length === 0) return [];
    const asked = [fingerprints.map(({ kind }) => kind), fingerprints.map(({ value }) => value)];
    return (await this.client.query<HeldClaim>({ ...HELD, values: [this.run.id, version, ...asked] })).rows;
  }

  async write({ lastLeadId, done, summary, differences, claims, isLast }: StepResult): Promise<void> {
    const { id } = this.run;
    if (differences.length > 0)
      await this.client.query({
        ...DIFFER,
        values: [
          id,
          differences.map(({ leadId }) => leadId),
          differences.map(({ kind }) => kind),
          differences.map(({ subject }) => subject),
          differences.map(({ before }) => JSON.stringify(before)),
          differences.map(({ after }) => JSON.stringify(after)),
        ],
      });
    const holders = [...new Set(claims.flatMap(({ claims: fresh }) => fresh.map(({ leadId }) => leadId)))];
    const { rows: there } = await this.client.query<{ id: LeadId }>({ ...HOLD, values: [holders] });
    const may = new Set(there.map(({ id: leadId }) => leadId));
    for (const { version, claims: fresh } of claims)
      await this.claim(
        version,
        fresh.filter(({ leadId }) => may.has(leadId)),
      );
    await this.client.query({ ...PROGRESS, values: [id, done, lastLeadId, JSON.stringify(summary), isLast] });
  }

  async fail(problem: string): Promise<void> {
    await this.client.query(FAIL, [this.run.id, problem]);
  }

  private async claim(version: VersionName, claims: readonly HeldClaim[]): Promise<void> {
    if (claims.length === 0) return;
    await this.client.query({
      ...CLAIM,
      values: [
        this.run.id,
        version,
        claims.map(({ kind }) => kind),
        claims.map(({ fingerprint }) => fingerprint),
        claims.map(({ leadId }) => leadId),
        claims.map(({ claimedAt }) => claimedAt),
        claims.map(({ expiresAt }) => expiresAt),
      ],
    });
  }
}

function recordedIn(row: LeadRow): Told | null {
  if (row.outcome === null) return null;
  const { duplicate_of: leadId, duplicate_matched_on: matchedOn } = row;
  return {
    outcome: row.outcome,
    decision: row.decision,
    reasonCodes: [...row.reason_codes].sort(),
    duplicateOf: leadId === null || matchedOn === null ? null : { leadId, matchedOn },
    sent: sentBy(row.outcome === 'continue' ? (row.deliveries ?? []) : []),
  };
}
