-- Views and code: what is computed from the rows

CREATE VIEW delivery.project_overview WITH (security_barrier) AS
  SELECT p.project_id, p.name, o.slug, count(d.*) AS deployments, max(d.started_at) AS last_deployed_at
  FROM delivery.projects AS p
  JOIN accounts.organisations AS o USING (organisation_id)
  LEFT JOIN delivery.deployments AS d USING (project_id)
  GROUP BY p.project_id, o.slug;

CREATE RECURSIVE VIEW accounts.organisation_tree (organisation_id, root_id, depth) AS
  SELECT organisation_id, organisation_id, 0 FROM accounts.organisations WHERE parent_id IS NULL
  UNION ALL
  SELECT o.organisation_id, t.root_id, t.depth + 1
  FROM accounts.organisations AS o JOIN organisation_tree AS t ON t.organisation_id = o.parent_id;

CREATE MATERIALIZED VIEW telemetry.daily_events AS
  SELECT date_trunc('day', occurred_at AT TIME ZONE 'UTC') AS day, kind, count(*) AS events,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms) AS p99_ms
  FROM telemetry.events GROUP BY 1, 2;
CREATE UNIQUE INDEX daily_events_key ON telemetry.daily_events (day, kind);
CREATE MATERIALIZED VIEW telemetry.not_yet_filled AS SELECT count(*) FROM telemetry.requests WITH NO DATA;

CREATE FUNCTION billing.outstanding(organisation int) RETURNS numeric
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = billing, pg_temp
  BEGIN ATOMIC
    SELECT coalesce(sum(i.gross), 0) FROM billing.invoices AS i JOIN billing.subscriptions AS s USING (subscription_id)
    WHERE s.organisation_id = organisation AND i.paid IS NOT TRUE;
  END;

CREATE PROCEDURE delivery.roll_back(deployment bigint, INOUT rolled_back boolean DEFAULT false)
  LANGUAGE plpgsql AS $$
BEGIN
  UPDATE delivery.deployments SET state = 'rolled back' WHERE deployment_id = deployment AND state = 'live';
  rolled_back := FOUND;
END
$$;

CREATE AGGREGATE public.product (numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE OPERATOR public.<~> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textcat);
CREATE TEXT SEARCH CONFIGURATION public.folded (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION public.folded
  ALTER MAPPING FOR hword, hword_part, word WITH extensions.unaccent, simple;
CREATE RULE overview_is_read_only AS ON DELETE TO delivery.project_overview DO INSTEAD NOTHING;
CREATE PUBLICATION deployments_feed FOR TABLE delivery.deployments WHERE (took IS NOT NULL);
