-- The relay reads what is due of each tenant by itself, so that one that sends more than is decided takes no place of another; and what somebody
-- started for many at once after what has just come. The old index goes last: from then on nobody may read the table until the commit.
CREATE INDEX leads_due_by_tenant ON leads (tenant_id, bulk, rung_at NULLS FIRST, id) WHERE status = 'RECEIVED';
DROP INDEX leads_due;
ALTER INDEX leads_due_by_tenant RENAME TO leads_due;
