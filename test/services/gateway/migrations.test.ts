import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dangersIn } from './support/dangerous-sql';

const folder = join(__dirname, '../../../services/gateway/migrations');
const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));

describe('the migrations', () => {
  test('are numbered from one on, without gaps, and only go forward', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.map((name) => /^(\d{3})\.do\.[a-z0-9-]+\.sql$/.exec(name)?.[1])).toEqual(
      files.map((_, at) => String(at + 1).padStart(3, '0')),
    );
  });

  test.each(files)('%s can be run while the version before it serves', (name) => {
    expect(dangersIn(readFileSync(join(folder, name), 'utf8'))).toEqual([]);
  });
});

describe('a migration is refused that', () => {
  test.each([
    ['drops a table', 'DROP TABLE golive.projects;'],
    ['drops a table', 'drop table if exists golive.projects cascade'],
    ['drops a column', 'ALTER TABLE golive.projects DROP COLUMN name;'],
    ['drops a column', 'ALTER TABLE golive.projects\n  ADD COLUMN a text,\n  DROP name;'],
    ['drops a schema', 'DROP TYPE golive.deployment_state;'],
    ['renames', 'ALTER TABLE golive.projects RENAME COLUMN name TO title;'],
    ['renames', 'ALTER TABLE golive.projects RENAME TO things;'],
    ['changes the type', 'ALTER TABLE golive.projects ALTER COLUMN name TYPE varchar(10);'],
    ['asks for a value', 'ALTER TABLE golive.projects ALTER owner SET NOT NULL;'],
    ['has no default', 'ALTER TABLE golive.projects ADD COLUMN owner text NOT NULL;'],
    ['NOT VALID', "ALTER TABLE golive.projects ADD CONSTRAINT c CHECK (name <> '');"],
    ['CONCURRENTLY', 'CREATE INDEX projects_name_idx ON golive.projects (name);'],
    ['CONCURRENTLY', 'CREATE UNIQUE INDEX ON golive.projects (name);'],
    [
      'IF NOT EXISTS',
      '-- outside a transaction: it must be\nCREATE INDEX CONCURRENTLY a ON golive.projects (name);',
    ],
    ['outside a transaction', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON golive.projects (name);'],
    [
      'not one statement',
      '-- outside a transaction: it must be\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON golive.b (c); SELECT 1;',
    ],
    ['empties', 'TRUNCATE golive.sessions;'],
    ['leaves the transaction', 'COMMIT; BEGIN;'],
    ['leaves the transaction or the role', 'RESET ROLE;'],
  ])('%s: %s', (danger, sql) => {
    expect(dangersIn(sql).join('; ')).toContain(danger);
  });
});

describe('a migration may', () => {
  test.each([
    ['add a column that may be empty', 'ALTER TABLE golive.projects ADD COLUMN owner text;'],
    ['add a column with a default', "ALTER TABLE golive.projects ADD owner text NOT NULL DEFAULT '';"],
    [
      'drop a constraint or a default',
      'ALTER TABLE golive.projects DROP CONSTRAINT c, ALTER a DROP DEFAULT;',
    ],
    [
      'add a constraint for what comes',
      'ALTER TABLE golive.projects ADD CONSTRAINT c CHECK (a > 0) NOT VALID;',
    ],
    [
      'do what it likes with a table of its own',
      'CREATE TABLE golive.a (b int); CREATE INDEX ON golive.a (b); ALTER TABLE golive.a ADD COLUMN c int NOT NULL;',
    ],
    [
      'build an index beside the work',
      '-- outside a transaction: an index of a full table\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON golive.b (c);',
    ],
    ['say a word in quotes', "COMMENT ON TABLE golive.a IS 'drop table golive.b; it''s a text';"],
    [
      'say why it is right',
      '-- dangerous: drops a column: no version since 1.9 reads it\nALTER TABLE golive.a DROP COLUMN b;',
    ],
  ])('%s', (_, sql) => {
    expect(dangersIn(sql)).toEqual([]);
  });

  test('not excuse one thing by another', () => {
    expect(dangersIn('-- dangerous: renames: no\nALTER TABLE golive.a DROP COLUMN b;')).toHaveLength(1);
    expect(dangersIn('-- dangerous: drops a column:\nALTER TABLE golive.a DROP COLUMN b;')).toHaveLength(1);
  });
});
