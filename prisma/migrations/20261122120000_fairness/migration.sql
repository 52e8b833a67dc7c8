-- The relay reads what is due of each tenant by itself, so that one that sends more than is decided takes no place of another; and what somebody
-- started for many at once after what has just come.
DROP INDEX leads_due;
CREATE INDEX leads_due ON leads (tenant_id, bulk, rung_at NULLS FIRST, id) WHERE status = 'RECEIVED';
