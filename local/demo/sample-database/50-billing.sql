-- Billing: money to the last digit, and contracts as large objects

SET LOCAL search_path = billing, extensions, public;
SET LOCAL ROLE golive_owner;

CREATE TABLE subscriptions (
  subscription_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id int NOT NULL,
  plan text NOT NULL CHECK (plan IN ('free', 'team', 'business')),
  during tstzrange NOT NULL,
  CONSTRAINT one_plan_at_a_time EXCLUDE USING gist (organisation_id WITH =, during WITH &&)
);

CREATE TABLE invoices (
  invoice_id bigint GENERATED ALWAYS AS IDENTITY (START WITH 9000000000 INCREMENT BY 7) PRIMARY KEY,
  subscription_id int NOT NULL REFERENCES subscriptions,
  net numeric(20, 4) NOT NULL,
  vat_rate numeric(5, 4) NOT NULL DEFAULT 0.19,
  gross numeric GENERATED ALWAYS AS (round(net * (1 + vat_rate), 2)) STORED,
  credits billing.cents,
  issued_on date NOT NULL,
  paid boolean
);

CREATE TABLE contracts (
  contract_id int PRIMARY KEY,
  title text NOT NULL,
  document oid NOT NULL UNIQUE
);

RESET ROLE;

INSERT INTO subscriptions (organisation_id, plan, during)
SELECT 1 + n % 5000, (ARRAY['free', 'team', 'business'])[1 + pick(n, 91, 3)],
  tstzrange(timestamptz '2025-01-01 00:00:00+00' + (n / 5000) * interval '300 days',
            CASE WHEN n < 5000 THEN timestamptz '2025-01-01 00:00:00+00' + interval '300 days' END)
FROM generate_series(0, 9999) AS n;

INSERT INTO invoices (subscription_id, net, vat_rate, credits, issued_on, paid)
SELECT 1 + pick(n, 92, 10000), pick(n, 93, 100000000) / 10000.0, (ARRAY[0, 0.07, 0.19, 0.255])[1 + pick(n, 94, 4)],
  pick(n, 95, 5000), date '2025-01-01' + pick(n, 96, 600)::int, (ARRAY[true, false, NULL])[1 + pick(n, 97, 3)]
FROM generate_series(1, 60000, pg_temp.sample_step()) AS n;

-- 48 documents of 256 KiB, one that is empty, and one with a hole in it.
INSERT INTO contracts
SELECT n, format('Contract %s – “master agreement”', n), lo_from_bytea(0, noise(1000000 + n, 4096))
FROM generate_series(1, 48) AS n;
INSERT INTO contracts VALUES (49, 'Empty', lo_from_bytea(0, ''));
INSERT INTO contracts VALUES (50, 'Sparse', lo_from_bytea(0, 'begin'));
SELECT lo_put(document, 300000, 'end') FROM contracts WHERE contract_id = 50;

DO $$
DECLARE
  first oid := (SELECT document FROM billing.contracts WHERE contract_id = 1);
BEGIN
  EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO golive_app', first);
  EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', first, 'The first contract, signed in ink');
END
$$;
