-- The guard: which lead was first, what was decided without asking, who may call, and with which key identities are compared.
--
-- Everything here only adds: code from before this migration goes on working beside it.

-- How a sender proves who it is, and by what requests are told apart where several sources have one path (api_key, tenant).
ALTER TABLE sources ADD COLUMN authentication text NOT NULL DEFAULT 'none';
ALTER TABLE sources ADD COLUMN shared_by      text;

-- All leads a released request became or repeated; released_lead_id is the first of them.
ALTER TABLE inbound_requests ADD COLUMN released_lead_ids uuid[];

-- ── Leads ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- sender_key_sha256: SHA-256 of the id the sender gave to its submission, where the same id with other content is a further lead;
-- resubmission_of is then the first lead under that id.
-- duplicate_check_skipped: the lead went on without its duplicate check and is checked again when that is possible.
-- The fingerprints are the blind index: what a lead is found by without its e-mail or phone being readable there. They are made with
-- the key identity_key_id, the tenant's current one when the lead was decided or its index was last rewritten.
ALTER TABLE leads ADD COLUMN sender_key_sha256       bytea;
ALTER TABLE leads ADD COLUMN resubmission_of         uuid REFERENCES leads (id);
ALTER TABLE leads ADD COLUMN duplicate_check_skipped boolean NOT NULL DEFAULT false;
ALTER TABLE leads ADD COLUMN email_fingerprint       bytea;
ALTER TABLE leads ADD COLUMN phone_fingerprint       bytea;
ALTER TABLE leads ADD COLUMN identity_key_id         text;
CREATE INDEX leads_by_sender_key ON leads (source_id, sender_key_sha256, id) WHERE sender_key_sha256 IS NOT NULL;
CREATE INDEX leads_by_email ON leads (tenant_id, email_fingerprint) WHERE email_fingerprint IS NOT NULL;
CREATE INDEX leads_by_phone ON leads (tenant_id, phone_fingerprint) WHERE phone_fingerprint IS NOT NULL;
-- Leads that wait for their check; empty in ordinary times.
CREATE INDEX leads_unchecked ON leads (id) WHERE duplicate_check_skipped;
-- Leads that an earlier one held back: who gets its chance when that one fails for good.
CREATE INDEX leads_held_back ON leads (duplicate_of, id) WHERE duplicate_of IS NOT NULL AND status IN ('HELD', 'REJECTED');

-- Leads that came to an end without reaching their CRM, by when: whether they still hold a claim or somebody back.
CREATE INDEX leads_ended ON leads (updated_at)
    WHERE status IN ('PERMANENTLY_FAILED', 'ERASED') OR (status = 'REJECTED' AND journey_no > 1);

-- ── Decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- The hint of a duplicate, as the sender of a synchronous request read it: a repeated request reads the same row.
ALTER TABLE journeys ADD COLUMN duplicate_of            uuid REFERENCES leads (id);
ALTER TABLE journeys ADD COLUMN duplicate_matched_on    text;
ALTER TABLE journeys ADD COLUMN duplicate_seen_at       timestamptz;
ALTER TABLE journeys ADD COLUMN duplicate_check_skipped boolean NOT NULL DEFAULT false;

CREATE INDEX identity_claims_by_lead ON identity_claims (lead_id);
CREATE INDEX identity_claims_expiry ON identity_claims (expires_at);

-- Leads by the key of their blind index, so that those under an older key are found and counted without reading all.
CREATE INDEX leads_by_identity_key ON leads (tenant_id, identity_key_id, id) WHERE identity_key_id IS NOT NULL;

-- Which keys make fingerprints. No key is here: key_check is an HMAC of a fixed text under it, by which a process notices that it was
-- given another key than the processes beside it. ring: the tenant that has this key in a ring of its own, or empty for the ring of all
-- others. Of each ring, the newest row that is not retired is the current key, and the oldest is the one that every process must hold.
CREATE TABLE identity_keys (
    ring          text        NOT NULL DEFAULT '',
    key_id        text        NOT NULL,
    key_check     bytea       NOT NULL,
    activated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired_at    timestamptz,
    PRIMARY KEY (ring, key_id)
);

-- How often the shadow policy would have decided otherwise, by what it would have been. No lead is changed by it.
CREATE TABLE policy_divergences (
    tenant_id        text        NOT NULL REFERENCES tenants (id),
    policy_version   integer     NOT NULL,
    active_decision  text        NOT NULL,
    shadow_decision  text        NOT NULL,
    leads            bigint      NOT NULL DEFAULT 0,
    last_lead_id     uuid,
    last_seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, policy_version, active_decision, shadow_decision)
);

-- ── Who may call ────────────────────────────────────────────────────────────────────────────────────────────────────

-- A key is lg_<id>_<secret>; only the SHA-256 of the secret is kept. scope: source (sends leads to one source), tenant (reads and
-- gives feedback for one tenant), operator (everything).
CREATE TABLE api_keys (
    id             text        NOT NULL PRIMARY KEY,
    scope          text        NOT NULL CHECK (scope IN ('source', 'tenant', 'operator')),
    tenant_id      text        REFERENCES tenants (id),
    source_id      text        REFERENCES sources (id),
    name           text        NOT NULL,
    secret_sha256  bytea       NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at     timestamptz,
    CHECK ((scope = 'operator') = (tenant_id IS NULL)),
    CHECK ((scope = 'source') = (source_id IS NOT NULL))
);

-- What a CRM told us about a lead it has.
CREATE TABLE feedback_events (
    id             uuid        NOT NULL PRIMARY KEY,
    tenant_id      text        NOT NULL REFERENCES tenants (id),
    lead_id        uuid        NOT NULL REFERENCES leads (id),
    type           text        NOT NULL CHECK (type IN ('lead_created', 'lead_merged', 'lead_duplicate', 'lead_duplicate_corrected')),
    crm_record_id  text,
    released       integer     NOT NULL DEFAULT 0,
    api_key_id     text        NOT NULL,
    received_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX feedback_events_by_tenant ON feedback_events (tenant_id, received_at);
CREATE INDEX feedback_events_by_time ON feedback_events (received_at);
CREATE INDEX feedback_events_by_lead ON feedback_events (lead_id, received_at);

-- ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- deliver: the lead goes to a CRM. fetch: a lead that was sent as an id only is fetched; it has no say in the lead's delivery status.
ALTER TABLE deliveries ADD COLUMN purpose text NOT NULL DEFAULT 'deliver' CHECK (purpose IN ('deliver', 'fetch'));

-- Which rule over the destination's answers decided, e.g. success[1] or duplicate[0]; null: the status alone did.
ALTER TABLE delivery_attempts ADD COLUMN decided_by text;
