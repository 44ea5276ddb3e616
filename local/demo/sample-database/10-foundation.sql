-- Foundation: roles, extensions, schemas and types
--
-- Everything here runs as the master user of an RDS instance, who is no superuser. The same rows come out on
-- every machine: what looks random is a hash of the row's own number, and no clock is read.

-- On the platform the bootstrap has made the first two already.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['golive_owner', 'golive_app', 'golive read-only'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;
END $$;
GRANT golive_owner TO CURRENT_USER;

-- Trusted extensions, which the owner of a database may create.
CREATE SCHEMA extensions;
CREATE EXTENSION pgcrypto SCHEMA extensions;
CREATE EXTENSION "uuid-ossp" SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION ltree SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE EXTENSION btree_gist SCHEMA extensions;
CREATE EXTENSION unaccent SCHEMA extensions;

CREATE SCHEMA accounts;
CREATE SCHEMA delivery;
CREATE SCHEMA telemetry;
CREATE SCHEMA billing AUTHORIZATION golive_owner;

CREATE TYPE accounts.member_role AS ENUM ('owner', 'admin', 'developer', 'billing', 'viewer');
ALTER TYPE accounts.member_role ADD VALUE 'auditor' AFTER 'admin';
CREATE TYPE delivery.deployment_state AS ENUM ('queued', 'building', 'live', 'failed', 'rolled back');
CREATE TYPE accounts.postal_address AS (street text, postcode text, city text, country char(2));
CREATE DOMAIN accounts.email AS extensions.citext CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE DOMAIN billing.cents AS bigint NOT NULL DEFAULT 0 CHECK (VALUE >= 0);
CREATE TYPE billing.price_range AS RANGE (subtype = numeric, multirange_type_name = billing.price_ranges);
CREATE COLLATION accounts.case_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- The large tables hold every row of so many that they could; `golive.sample_step` says how many, and 1 means all.
CREATE FUNCTION pg_temp.sample_step() RETURNS int LANGUAGE sql STABLE
  RETURN current_setting('golive.sample_step')::int;

-- A number from 0 to below `bound`, always the same for the same row and purpose.
CREATE FUNCTION public.pick(row_number bigint, purpose bigint, bound bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (hashint8extended(row_number, purpose) & 9223372036854775807) % bound;

-- Bytes that no codec can make smaller, 64 at a time.
CREATE FUNCTION public.noise(seed bigint, chunks int) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (SELECT string_agg(sha512(int8send(seed * 1000003 + chunk)), NULL ORDER BY chunk)
            FROM generate_series(1, chunks) AS chunk);
