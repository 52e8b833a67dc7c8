-- Views for people in support: one row tells what came, why it was decided so, what was sent and what to do. Prisma Studio shows them among the
-- tables; psql and BI tools read them like tables. They keep nothing: what erasure, retention and the sweep remove is gone from them at once.
--
-- Prisma Studio sorts columns by name, so the names are chosen to be read in that order; what is longer than a cell is a list or JSON, which it
-- opens on several lines. It tells rows apart by a primary key, which no view has: apps/supervisor/src/tell-keys-of-views.ts tells it of lead_id
-- and request_id.
-- Everything dear is a subquery of one row: whoever counts the rows, or reads one page of them in the order of ids, does not pay for the others.
-- The views join, so nobody can write through them. A migration that drops or retypes a column they show drops and makes them anew.

-- A body as text as far as it is kept as such; the bytes themselves are in inbound_requests.body.
CREATE FUNCTION support_body(body_text text, body_bytes bigint, body_is_kept boolean, body_truncated boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN body_bytes > 0 AND NOT body_is_kept THEN '(removed)'
        WHEN body_truncated THEN body_text || ' (cut: only the beginning of ' || body_bytes || ' bytes was kept)'
        WHEN body_bytes > 16384 THEN body_text || ' (the first 16 KiB of ' || body_bytes || ' bytes; all of them: leadgate requests show)'
        ELSE body_text
    END
$$;

-- What was sent as JSON where it is some, else as one text.
CREATE FUNCTION support_json(content text) RETURNS json
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN content::json;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN to_json(content);
END
$$;

-- ── Leads ───────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE VIEW support_leads AS
SELECT lead.received_at AS arrived_at,
       support_body(request.body_text, request.body_bytes, request.body <> '', request.body_truncated) AS arrived_body,
       lead.source_id AS arrived_by,
       lead.payload AS arrived_fields,
       concat_ws(': ', lead.decision, nullif(array_to_string(lead.reason_codes, ', '), '')) AS decided,
       -- Of the newest decision: which stage said what.
       nullif(ARRAY(
           SELECT format('%s: %s (%s)', stage.value ->> 'stage', reason.value ->> 'detail', reason.value ->> 'code')
             FROM (SELECT stages FROM journeys WHERE journeys.lead_id = lead.id ORDER BY journey_no DESC LIMIT 1) AS journey,
                  jsonb_array_elements(journey.stages) WITH ORDINALITY AS stage,
                  jsonb_array_elements(stage.value -> 'reasons') WITH ORDINALITY AS reason
            ORDER BY stage.ordinality, reason.ordinality), '{}') AS decided_because,
       lead.id AS lead_id,
       -- Where each delivery stands.
       nullif(ARRAY(
           SELECT concat_ws(' ', destination.name || ':', delivery.status, '(' || coalesce(delivery.failure_class, delivery.hold_reason) || ')',
                            'after ' || delivery.attempt_no || CASE delivery.attempt_no WHEN 1 THEN ' attempt' ELSE ' attempts' END,
                            'as ' || delivery.crm_record_id, '– ' || delivery.last_error,
                            CASE WHEN delivery.superseded_at IS NOT NULL THEN '(a later one took its place)' END)
             FROM deliveries AS delivery JOIN destinations AS destination ON destination.id = delivery.destination_id
            WHERE delivery.lead_id = lead.id
            ORDER BY delivery.id), '{}') AS sent,
       -- What was answered last, where the answer is kept.
       (SELECT support_json(response_excerpt) FROM delivery_attempts AS attempt
         WHERE attempt.lead_id = lead.id AND response_excerpt IS NOT NULL
         ORDER BY attempt.started_at DESC LIMIT 1) AS sent_answer,
       nullif(ARRAY(
           SELECT concat_ws(' ', to_char(attempt.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'), '#' || attempt.attempt_no,
                            coalesce(attempt.outcome, 'under way'), attempt.status_code::text, attempt.error_code,
                            CASE WHEN attempt.finished_at IS NOT NULL AND attempt.sent_state = 'unknown' THEN 'sent, no answer' END,
                            '– ' || attempt.error_message)
             FROM delivery_attempts AS attempt WHERE attempt.lead_id = lead.id
            ORDER BY attempt.started_at, attempt.attempt_no), '{}') AS sent_attempts,
       -- By destination. The text as it was sent is in deliveries.payload.
       (SELECT json_object_agg(destination.name || CASE delivery.epoch WHEN 1 THEN '' ELSE ' (' || delivery.epoch || ')' END,
                               support_json(delivery.payload) ORDER BY delivery.id)
          FROM deliveries AS delivery JOIN destinations AS destination ON destination.id = delivery.destination_id
         WHERE delivery.lead_id = lead.id AND delivery.purpose = 'deliver' AND delivery.payload <> '') AS sent_payload,
       lead.status,
       lead.tenant_id AS tenant,
       -- In short; what_next of GET /v1/leads/{id} has it in full.
       CASE lead.status
           WHEN 'RECEIVED' THEN ARRAY['wait: it is decided within seconds; if not, leadgate doctor says why']
           WHEN 'DELIVERED' THEN ARRAY['nothing: the CRM has it']
           WHEN 'ERASED' THEN ARRAY['nothing: its data was removed']
           WHEN 'REJECTED' THEN ARRAY['nothing, if the rules are right; else mend them, then:', reprocess.command]
           WHEN 'KEPT' THEN ARRAY['nothing: no destination wants it. After a change of routes:', reprocess.command]
           ELSE coalesce(
               nullif(ARRAY(
                   SELECT destination.name || ': ' || CASE
                              WHEN delivery.status = 'PERMANENTLY_FAILED' THEN
                                  CASE delivery.failure_class
                                      WHEN 'refused' THEN 'have the CRM take it (sent_answer says why it does not), then: ' || redeliver.command
                                                          || ' – or mend our rules or mapping, then: ' || reprocess.command
                                      WHEN 'missing_field' THEN 'mend our rules or mapping, then: ' || reprocess.command
                                      WHEN 'misconfigured' THEN 'mend the configuration of the destination, then: ' || redeliver.command
                                      WHEN 'gone' THEN 'give the destination another url, then: ' || redeliver.command
                                      WHEN 'protocol_error' THEN 'mend the CRM or the outcome rules, then: ' || redeliver.command
                                      WHEN 'internal' THEN 'report it; after an update: ' || redeliver.command
                                      ELSE 'once the CRM is well: ' || redeliver.command
                                  END
                              WHEN delivery.hold_reason = 'unknown_outcome' THEN 'look whether the CRM has it; if it has not: ' || redeliver.command
                              WHEN delivery.hold_reason = 'destination_refuses_us' THEN 'mend our credentials, then: ' || redeliver.command
                              WHEN NOT destination.enabled THEN
                                  'it was removed or renamed: put it back under this name into the tenant''s file; then it goes on by itself'
                              ELSE 'it is paused (' || coalesce(breaker.pause_reason, 'by_hand') || '); mend that, then: leadgate destinations resume '
                                   || delivery.destination_id || ' --reason TEXT'
                          END
                     FROM deliveries AS delivery
                     JOIN destinations AS destination ON destination.id = delivery.destination_id
                     LEFT JOIN breakers AS breaker ON breaker.service_id = delivery.destination_id
                    WHERE delivery.lead_id = lead.id AND delivery.purpose = 'deliver' AND delivery.superseded_at IS NULL
                      AND (delivery.status IN ('PERMANENTLY_FAILED', 'HELD')
                           OR (delivery.status <> 'DELIVERED' AND (breaker.paused_at IS NOT NULL OR NOT destination.enabled)))
                    ORDER BY delivery.id), '{}'),
               CASE coalesce(lead.hold_reason, lead.status)
                   WHEN 'READY' THEN ARRAY['wait: it is sent by itself']
                   WHEN 'FAILED' THEN ARRAY['wait: it is sent again by itself']
                   WHEN 'PERMANENTLY_FAILED' THEN ARRAY['nothing could be sent (decided_because); mend our rules or mapping, then:', reprocess.command]
                   WHEN 'index_unavailable' THEN ARRAY['wait: its duplicate check is made up for by itself']
                   WHEN 'awaiting_fetch' THEN ARRAY['wait: its fields are being fetched']
                   WHEN 'duplicate' THEN ARRAY['nothing, if it is the same person as in ' || coalesce(lead.duplicate_of::text, 'an earlier lead') || '; else the CRM says so: POST /v1/feedback']
                   WHEN 'fetch_failed' THEN ARRAY['mend the access to its source, then:', reprocess.command]
                   WHEN 'poison' THEN ARRAY['report it with the log; after an update:', reprocess.command]
                   ELSE ARRAY['what it waits for, says GET /v1/leads/' || lead.id]
               END)
       END AS what_next
  FROM leads AS lead
  -- Every lead has one; LEFT lets whoever counts do without it (200,000 leads: 40 ms, not 200).
  LEFT JOIN inbound_requests AS request ON request.id = lead.inbound_request_id
 CROSS JOIN LATERAL (SELECT 'leadgate replay lead ' || lead.id || ' redeliver --reason TEXT' AS command) AS redeliver
 CROSS JOIN LATERAL (SELECT 'leadgate replay lead ' || lead.id || ' reprocess --reason TEXT' AS command) AS reprocess;

-- ── Requests, also those that became no lead ────────────────────────────────────────────────────────────────────────

CREATE VIEW support_requests AS
SELECT request.status_code AS answered,
       request.received_at AS arrived_at,
       support_body(request.body_text, request.body_bytes, request.body <> '', request.body_truncated) AS arrived_body,
       coalesce(source.id, request.route) AS arrived_by,
       request.content_type AS arrived_type,
       CASE request.verdict
           WHEN 'accepted' THEN ARRAY(SELECT lead.id FROM leads AS lead WHERE lead.inbound_request_id = request.id ORDER BY lead.item_no)
           ELSE nullif(coalesce(nullif(request.released_lead_ids, '{}'), array_remove(ARRAY[request.released_lead_id], NULL)), '{}')
       END AS lead_ids,
       nullif(request.verdict, 'accepted') AS refused_as,
       string_to_array(request.verdict_detail, E'\n') AS refused_because,
       request.id AS request_id,
       request.tenant_id AS tenant,
       CASE
           WHEN request.verdict IN ('accepted', 'replayed') THEN ARRAY['nothing']
           WHEN request.released_at IS NOT NULL THEN ARRAY['nothing: it was let in (lead_ids)']
           WHEN request.body_bytes > 0 AND request.body = '' THEN ARRAY['nothing: what came was removed']
           WHEN request.body_truncated THEN ARRAY['the sender sends it again: only its beginning was kept']
           ELSE ARRAY['the sender mends it and sends it again; or let it in, if it should have been taken:',
                      'POST /v1/quarantine/' || request.id || '/release']
       END AS what_next
  FROM inbound_requests AS request LEFT JOIN sources AS source ON source.id = request.source_id;
