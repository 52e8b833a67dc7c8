-- Delivery: what is known about the services outside, what failed for good and how it is taken up again, what an operator is told.
--
-- Everything here only adds: code from before this migration goes on working beside it.

-- ── Outside services ────────────────────────────────────────────────────────────────────────────────────────────────

-- One row for each service we call and have something to remember of: a destination, or a source whose leads are fetched.
-- state: closed (calls go out), open (none does until probe_at), half_open (one probe is under way until probe_lease_until).
-- failed_leads: the leads whose calls failed since the last success; a lead counts once however often it fails.
-- hold_until: the service asked for quiet (Retry-After). paused_at: somebody has to mend something first; nothing is called until resumed.
-- paused_version: the configuration it was paused under; another one with another object for this service ends the pause.
-- misdirected_leads: leads whose calls found nobody at the address (404, a redirect), in a row.
-- calls_per_second: what was left of the rate right after the last 429 (throttled_at); it grows back with time alone. null: none was taken away.
-- closed_at: when the breaker closed; for the seconds after it the service is called slowly.
CREATE TABLE breakers (
    service_id         text              NOT NULL PRIMARY KEY,
    tenant_id          text              REFERENCES tenants (id),
    state              text              NOT NULL DEFAULT 'closed' CHECK (state IN ('closed', 'open', 'half_open')),
    failures           integer           NOT NULL DEFAULT 0,
    failed_leads       uuid[]            NOT NULL DEFAULT '{}',
    opened_at          timestamptz,
    probe_at           timestamptz,
    probe_lease_until  timestamptz,
    hold_until         timestamptz,
    hold_reason        text,
    paused_at          timestamptz,
    pause_reason       text,
    paused_by          text,
    paused_version     uuid              REFERENCES config_versions (id),
    misdirected_leads  uuid[]            NOT NULL DEFAULT '{}',
    calls_per_second   double precision,
    throttled_at       timestamptz,
    closed_at          timestamptz,
    updated_at         timestamptz       NOT NULL DEFAULT clock_timestamp()
);

-- Which processes call a service at the moment, so that they share its rate and concurrency: each renews its row while it calls.
CREATE TABLE call_budgets (
    service_id    text         NOT NULL,
    process_id    uuid         NOT NULL,
    leased_until  timestamptz  NOT NULL,
    PRIMARY KEY (service_id, process_id)
);

-- ── Dead letters ────────────────────────────────────────────────────────────────────────────────────────────────────

-- failure_class: why a delivery failed for good, in one of a few words (core: FAILURE_CLASSES).
-- superseded_at: a later delivery of the lead to the same destination, or a decision that no longer sends it there, took its place;
-- it says nothing about the lead any more. Of a lead's deliveries to one destination at most one is not superseded.
-- attempts_before: how many attempts were made before a replay began the schedule anew; attempt_no goes on counting, because it is the fence.
-- bulk, of leads and deliveries: part of work that somebody started for many at once; it is rung after what has just come.
ALTER TABLE deliveries ADD COLUMN failure_class text;
ALTER TABLE deliveries ADD COLUMN superseded_at timestamptz;
ALTER TABLE deliveries ADD COLUMN attempts_before integer NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN bulk boolean NOT NULL DEFAULT false;
ALTER TABLE leads ADD COLUMN bulk boolean NOT NULL DEFAULT false;
CREATE INDEX deliveries_due_by_destination ON deliveries (destination_id, bulk, next_attempt_at, id) WHERE status IN ('PENDING', 'RETRYING');
CREATE INDEX deliveries_dead ON deliveries (tenant_id, id) WHERE status = 'PERMANENTLY_FAILED' AND superseded_at IS NULL;

-- One wish to take leads up again. filter holds statuses, codes, names of sources and destinations, and moments; never values of people.
-- kind: redeliver (same payload, same key), reprocess (decided anew), send_as_new (a second effect is wanted), release (quarantined requests).
-- status: COLLECTING (what was there when it was asked for is written down), RUNNING (it is taken up, at its rate), then one of the ends.
-- collected_status, collected_until: up to which status and id the collecting got; collected_at: when it was complete.
-- skipped_because: how many were passed over, by cause. rate_used_until: the moment until which the rate is used up.
CREATE TABLE replays (
    id               uuid              NOT NULL PRIMARY KEY,
    tenant_id        text              NOT NULL REFERENCES tenants (id),
    kind             text              NOT NULL CHECK (kind IN ('redeliver', 'reprocess', 'send_as_new', 'release')),
    filter           jsonb             NOT NULL,
    reason           text              NOT NULL,
    requested_by     text              NOT NULL,
    status           text              NOT NULL DEFAULT 'COLLECTING' CHECK (status IN ('COLLECTING', 'RUNNING', 'CANCELLED', 'FINISHED')),
    rate_per_second  double precision  NOT NULL CHECK (rate_per_second > 0),
    rate_used_until  timestamptz       NOT NULL DEFAULT clock_timestamp(),
    total            integer           NOT NULL DEFAULT 0,
    replayed         integer           NOT NULL DEFAULT 0,
    skipped          integer           NOT NULL DEFAULT 0,
    skipped_because  jsonb             NOT NULL DEFAULT '{}',
    collected_status text,
    collected_until  uuid,
    collected_at     timestamptz,
    created_at       timestamptz       NOT NULL DEFAULT clock_timestamp(),
    updated_at       timestamptz       NOT NULL DEFAULT clock_timestamp(),
    finished_at      timestamptz
);
CREATE INDEX replays_open ON replays (id) WHERE status IN ('COLLECTING', 'RUNNING');
CREATE INDEX replays_by_tenant ON replays (tenant_id, id);

-- What was found when it was asked for. item_id: a lead, or a quarantined request. outcome: null while it waits.
CREATE TABLE replay_items (
    replay_id  uuid         NOT NULL REFERENCES replays (id),
    item_id    uuid         NOT NULL,
    outcome    text         CHECK (outcome IN ('replayed', 'skipped')),
    detail     text,
    done_at    timestamptz,
    PRIMARY KEY (replay_id, item_id)
);
CREATE INDEX replay_items_waiting ON replay_items (replay_id, item_id) WHERE outcome IS NULL;

-- ── What-if ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A draft version of the configuration tried on the leads of a period, without any effect on them.
-- compared_version_id: the version that was active when it was asked for. baseline: what the draft is held against, that version run anew
-- or what was recorded. filter: {from, to, source, limit, warmUpHours}. last_lead_id: how far it has come, also in the hours before the period.
CREATE TABLE what_ifs (
    id                   uuid         NOT NULL PRIMARY KEY,
    tenant_id            text         NOT NULL REFERENCES tenants (id),
    config_version_id    uuid         NOT NULL REFERENCES config_versions (id),
    compared_version_id  uuid         NOT NULL REFERENCES config_versions (id),
    baseline             text         NOT NULL DEFAULT 'active' CHECK (baseline IN ('active', 'recorded')),
    filter               jsonb        NOT NULL,
    requested_by         text         NOT NULL,
    status               text         NOT NULL DEFAULT 'RUNNING' CHECK (status IN ('RUNNING', 'CANCELLED', 'FINISHED', 'FAILED')),
    problem              text,
    total                integer      NOT NULL DEFAULT 0,
    done                 integer      NOT NULL DEFAULT 0,
    last_lead_id         uuid,
    summary              jsonb        NOT NULL DEFAULT '{}',
    created_at           timestamptz  NOT NULL DEFAULT clock_timestamp(),
    updated_at           timestamptz  NOT NULL DEFAULT clock_timestamp(),
    finished_at          timestamptz,
    promoted_at          timestamptz
);
CREATE INDEX what_ifs_running ON what_ifs (updated_at) WHERE status = 'RUNNING';
CREATE INDEX what_ifs_by_tenant ON what_ifs (tenant_id, id DESC);

-- What the draft would change for a lead: codes and names of fields, no values. recorded: not the draft's doing; the active version, run
-- anew, says something else than what was recorded when the lead came.
CREATE TABLE what_if_differences (
    what_if_id  uuid   NOT NULL REFERENCES what_ifs (id),
    lead_id     uuid   NOT NULL REFERENCES leads (id),
    kind        text   NOT NULL CHECK (kind IN ('decision', 'duplicate', 'route', 'payload', 'recorded')),
    subject     text   NOT NULL DEFAULT '',
    before      jsonb  NOT NULL,
    after       jsonb  NOT NULL,
    PRIMARY KEY (what_if_id, lead_id, kind, subject)
);

-- Which lead of a run holds an identity, by either of the two versions: what identity_claims is for real leads. They are here and not in
-- memory, so that a million leads need none and a run goes on after a kill where it was. Gone with the end of the run.
CREATE TABLE what_if_claims (
    what_if_id   uuid         NOT NULL REFERENCES what_ifs (id),
    version      text         NOT NULL CHECK (version IN ('compared', 'draft')),
    kind         text         NOT NULL,
    fingerprint  bytea        NOT NULL,
    lead_id      uuid         NOT NULL,
    claimed_at   timestamptz  NOT NULL,
    expires_at   timestamptz  NOT NULL,
    PRIMARY KEY (what_if_id, version, kind, fingerprint)
);
-- Who erases a lead finds its claims among those of a million.
CREATE INDEX what_if_claims_by_lead ON what_if_claims (lead_id);

-- ── Operators ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- A change of state somebody should hear of. subject: what changed (a service, a replay, a source); ids and codes only.
-- next_attempt_at: when it is sent next, or until when a process is sending it; null: sent, given up, folded into a summary, or nobody to tell.
-- at is set under the lock of what changed, so it is the order of the events of one subject.
CREATE TABLE operator_events (
    id               uuid         NOT NULL PRIMARY KEY,
    tenant_id        text         REFERENCES tenants (id),
    type             text         NOT NULL,
    subject          text         NOT NULL,
    detail           jsonb        NOT NULL DEFAULT '{}',
    at               timestamptz  NOT NULL DEFAULT clock_timestamp(),
    attempt_no       integer      NOT NULL DEFAULT 0,
    last_attempt_at  timestamptz,
    next_attempt_at  timestamptz,
    sent_at          timestamptz,
    summarised_in    uuid,
    last_error       text
);
CREATE INDEX operator_events_due ON operator_events (next_attempt_at, id) WHERE sent_at IS NULL AND next_attempt_at IS NOT NULL;
CREATE INDEX operator_events_by_subject ON operator_events (subject, at, id);
CREATE INDEX operator_events_by_tenant ON operator_events (tenant_id, id);
CREATE INDEX operator_events_by_time ON operator_events (at);

-- What is wrong at the moment, as operators were told: one row for each thing that ever was, changed by compare-and-set.
CREATE TABLE alarms (
    alarm       text         NOT NULL CHECK (alarm IN ('leads_stuck', 'source_silent', 'ledger_unbalanced', 'dead_letters')),
    subject     text         NOT NULL,
    tenant_id   text         REFERENCES tenants (id),
    raised      boolean      NOT NULL,
    changed_at  timestamptz  NOT NULL DEFAULT clock_timestamp(),
    seen_at     timestamptz  NOT NULL DEFAULT clock_timestamp(),
    detail      jsonb        NOT NULL DEFAULT '{}',
    PRIMARY KEY (alarm, subject)
);
-- When leads of a destination last failed for good.
CREATE INDEX deliveries_dead_by_destination ON deliveries (destination_id, finished_at) WHERE status = 'PERMANENTLY_FAILED';

-- What one process works out for all: until when it is done, by whom next, and what came of it.
CREATE TABLE watches (
    name        text         NOT NULL PRIMARY KEY,
    done_until  timestamptz  NOT NULL,
    next_at     timestamptz  NOT NULL,
    result      jsonb        NOT NULL DEFAULT '{}'
);

-- How many leads each source brought in an hour: what is usual for it.
CREATE TABLE source_hours (
    source_id  text         NOT NULL REFERENCES sources (id),
    hour       timestamptz  NOT NULL,
    leads      integer      NOT NULL,
    PRIMARY KEY (source_id, hour)
);
