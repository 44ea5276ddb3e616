-- Access: row-level security, grants, settings and comments

GRANT USAGE ON SCHEMA accounts, delivery, telemetry, billing TO golive_app, "golive read-only";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA accounts, delivery, telemetry TO golive_app;
GRANT SELECT (invoice_id, gross), UPDATE (paid) ON billing.invoices TO golive_app;
GRANT SELECT ON ALL TABLES IN SCHEMA accounts, delivery TO "golive read-only";
GRANT USAGE ON SEQUENCE public.far_along TO golive_app WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION billing.outstanding FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing.outstanding TO golive_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA delivery GRANT SELECT ON TABLES TO "golive read-only";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

ALTER TABLE delivery.projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON delivery.projects TO golive_app
  USING (organisation_id = current_setting('app.organisation', true)::int);
CREATE POLICY nothing_by_night ON delivery.projects AS RESTRICTIVE FOR UPDATE TO golive_app
  USING (true) WITH CHECK (version < 1000000);

-- FORCE binds the owner too, and so a dump by the owner. On a partitioned table it may stand: a dump reads the
-- partitions, each by its own policies. Not where a materialised view reads: its refresh would end the restore.
ALTER TABLE telemetry.requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE telemetry.requests FORCE ROW LEVEL SECURITY;
CREATE POLICY recent ON telemetry.requests FOR SELECT USING (minute > timestamptz '2026-09-15 00:00:00+00');

ALTER TABLE delivery.deployments REPLICA IDENTITY FULL;
ALTER TABLE delivery.deployments SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE delivery.deployments CLUSTER ON deployments_pkey;
ALTER TABLE accounts.people ALTER email SET STATISTICS 500;

COMMENT ON SCHEMA billing IS 'Money. Ask before you touch it: it''s audited';
COMMENT ON TABLE accounts.people IS E'Everybody who ever signed up.\nDeleted ones are anonymised – see the runbook.';
COMMENT ON COLUMN accounts.people.nickname IS 'NULL: never asked. Empty: asked, wants none';
COMMENT ON FUNCTION billing.outstanding IS 'Gross, in the organisation’s currency';
COMMENT ON TYPE delivery.deployment_state IS 'queued → building → live';
COMMENT ON POLICY own_organisation ON delivery.projects IS 'set app.organisation first';
COMMENT ON CONSTRAINT one_plan_at_a_time ON billing.subscriptions IS 'no double billing';
