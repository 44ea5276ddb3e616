-- Delivery: projects, deployments and their artefacts

SET LOCAL search_path = delivery, extensions, public;

CREATE TABLE projects (
  project_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id int NOT NULL REFERENCES accounts.organisations,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  settings json,
  current_deployment_id bigint,
  version int NOT NULL DEFAULT 1,
  search tsvector GENERATED ALWAYS AS (to_tsvector('simple', name || ' ' || description)) STORED,
  UNIQUE (organisation_id, name)
);

CREATE TABLE project_history (
  changed_at timestamptz NOT NULL,
  project_id int NOT NULL,
  operation text NOT NULL,
  was jsonb
);

CREATE FUNCTION remember_project() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
  INSERT INTO delivery.project_history
  VALUES (timestamptz '2026-10-01 00:00:00+00' + NEW.project_id * interval '1 second', NEW.project_id, TG_OP,
          CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) - 'search' END);
  NEW.version := coalesce(OLD.version, 0) + 1;
  RETURN NEW;
END
$body$;

CREATE TRIGGER projects_remember BEFORE INSERT OR UPDATE ON projects
  FOR EACH ROW EXECUTE FUNCTION remember_project();

INSERT INTO projects (organisation_id, name, description, settings)
SELECT 1 + pick(n, 41, 5000), format('%s-%s', (ARRAY['storefront', 'api', 'ブログ', 'docs', 'intranet'])[1 + pick(n, 42, 5)], n),
  CASE WHEN pick(n, 43, 4) = 0 THEN '' ELSE format('Project %s: %s', n, repeat('fast, calm and observable. ', pick(n, 44, 6)::int)) END,
  -- json keeps its text to the letter: the order of keys, doubled keys, white space.
  format('{"region" :  "eu-central-1", "replicas":%s,"replicas":%s }', pick(n, 45, 4), pick(n, 46, 9))::json
FROM generate_series(1, 12000) AS n;

CREATE TABLE deployments (
  deployment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES projects ON DELETE CASCADE,
  state delivery.deployment_state NOT NULL,
  commit_digest bytea NOT NULL CHECK (octet_length(commit_digest) = 20),
  image_digest bytea NOT NULL,
  message text,
  started_at timestamptz NOT NULL,
  took interval,
  from_address inet,
  steps text[][],
  UNIQUE (project_id, deployment_id)
);

INSERT INTO deployments (project_id, state, commit_digest, image_digest, message, started_at, took, from_address, steps)
SELECT 1 + pick(n, 51, 12000), (enum_range(NULL::delivery.deployment_state))[1 + pick(n, 52, 5)],
  substring(sha256(int8send(n)) FOR 20), sha512(int8send(n)),
  CASE pick(n, 53, 5) WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'Fix:\ttabs,\nnew lines and \\backslashes\\ \u2028'
    ELSE 'Release ' || n || ' 🚀' END,
  timestamptz '2026-01-01 00:00:00+00' + n * interval '200 seconds',
  CASE WHEN pick(n, 54, 9) > 0 THEN make_interval(months => pick(n, 55, 2)::int, secs => pick(n, 56, 900000) / 1000.0) END,
  ('192.0.2.' || pick(n, 57, 255))::inet,
  CASE WHEN pick(n, 58, 10) = 0 THEN ARRAY[ARRAY['build', 'ok'], ARRAY['test', NULL]] END
FROM generate_series(1, 120000, pg_temp.sample_step()) AS n;

CREATE INDEX deployments_live ON deployments (project_id, started_at DESC NULLS LAST) WHERE state = 'live';
CREATE INDEX deployments_by_hour ON deployments (date_trunc('hour', started_at AT TIME ZONE 'UTC'));

-- A circle: each points at the other.
ALTER TABLE projects ADD FOREIGN KEY (project_id, current_deployment_id)
  REFERENCES deployments (project_id, deployment_id) DEFERRABLE INITIALLY DEFERRED;
UPDATE projects AS p SET current_deployment_id = d.deployment_id
FROM (SELECT project_id, max(deployment_id) AS deployment_id FROM deployments WHERE project_id <= 6000 GROUP BY 1) AS d
WHERE d.project_id = p.project_id;
SET CONSTRAINTS ALL IMMEDIATE;
CREATE INDEX projects_by_text ON projects USING gin (search);

-- Small artefacts lie in the table's TOAST: some packed by PostgreSQL, some not to be packed.
CREATE TABLE artefacts (
  artefact_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  deployment_id bigint NOT NULL REFERENCES deployments,
  name text NOT NULL,
  content bytea NOT NULL,
  log text COMPRESSION pglz
);
ALTER TABLE artefacts ALTER content SET STORAGE EXTERNAL;
INSERT INTO artefacts (deployment_id, name, content, log)
SELECT 1 + pick(n, 61, 120000 / pg_temp.sample_step()), format('bundle %s.tar.zst', n), noise(n, 128),
  repeat(format('[%s] compiled module %s in %s ms' || E'\n', n, n % 97, pick(n, 62, 5000)), 1 + pick(n, 63, 80)::int)
FROM generate_series(1, 2400) AS n;
