-- The first tables. postgrator has made schema golive by now, with its own table of what was carried out.

CREATE TYPE golive.deployment_state AS ENUM ('queued', 'building', 'live', 'failed', 'rolled_back');

CREATE TABLE golive.users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT users_email_key UNIQUE (email),
  CONSTRAINT users_email_is_lower_case CHECK (email = lower(email)),
  CONSTRAINT users_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
  CONSTRAINT users_name_length CHECK (char_length(name) BETWEEN 1 AND 100)
);

CREATE TABLE golive.sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES golive.users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_user_id_idx ON golive.sessions (user_id);

CREATE TABLE golive.projects (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  slug text NOT NULL,
  repository text NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT projects_slug_key UNIQUE (slug),
  CONSTRAINT projects_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 63),
  CONSTRAINT projects_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
  CONSTRAINT projects_repository_length CHECK (char_length(repository) BETWEEN 1 AND 300)
);

CREATE TABLE golive.deployments (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL,
  version text NOT NULL,
  commit text NOT NULL,
  environment text NOT NULL,
  state golive.deployment_state NOT NULL DEFAULT 'queued',
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3),
  CONSTRAINT deployments_project_id_fkey FOREIGN KEY (project_id) REFERENCES golive.projects (id) ON DELETE CASCADE,
  CONSTRAINT deployments_commit_form CHECK (commit ~ '^[0-9a-f]{7,40}$'),
  CONSTRAINT deployments_version_length CHECK (char_length(version) BETWEEN 1 AND 64),
  CONSTRAINT deployments_environment_form CHECK (environment ~ '^[a-z][a-z0-9-]{1,15}$'),
  -- Queued and building are under way; every other state is an end of it.
  CONSTRAINT deployments_finished_when_ended CHECK ((state IN ('queued', 'building')) = (finished_at IS NULL))
);
-- A project's list, newest first, page by page: ids are in the order of their making.
CREATE INDEX deployments_project_id_id_idx ON golive.deployments (project_id, id);
CREATE INDEX deployments_state_idx ON golive.deployments (state);

-- Whoever changes a row, also by hand, moves its date and, where it has one, its revision.
CREATE FUNCTION golive.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE FUNCTION golive.touch_and_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  NEW.revision := OLD.revision + 1;
  RETURN NEW;
END
$$;
CREATE TRIGGER users_touch BEFORE UPDATE ON golive.users
  FOR EACH ROW EXECUTE FUNCTION golive.touch();
CREATE TRIGGER projects_touch BEFORE UPDATE ON golive.projects
  FOR EACH ROW EXECUTE FUNCTION golive.touch_and_count();
CREATE TRIGGER deployments_touch BEFORE UPDATE ON golive.deployments
  FOR EACH ROW EXECUTE FUNCTION golive.touch_and_count();
