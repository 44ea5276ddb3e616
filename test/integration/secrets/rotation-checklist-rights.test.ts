import type { Client } from 'pg';
import { withSession } from '../../../core/postgres/session';
import { alternatingUsers, singleUser, type DatabaseAccess } from '../../../core/secrets/rotation';
import {
  beginRotation,
  OWNER,
  rotate,
  runSteps,
  startRotationWorld,
  valueAt,
  worksAt,
  type RotationWorld,
  type StepsContext,
} from './rotation-support';

/** The statements of facts/rotation.md §1 about what a user may do, each by its number. */

let world: RotationWorld;
let owned: string;
beforeAll(async () => {
  world = await startRotationWorld();
  const { master } = world.postgres;
  owned = master.database;
  await asMaster(
    `SET ROLE ${OWNER}; CREATE TABLE orders (id integer, note text); CREATE TABLE secrets_of_few (id integer)`,
    'RESET ROLE',
    `SET ROLE ${OWNER}; CREATE FUNCTION answer(a integer, b text) RETURNS integer LANGUAGE sql AS 'SELECT 42'`,
    'REVOKE EXECUTE ON FUNCTION answer FROM PUBLIC',
    'CREATE SEQUENCE "odd ""name"; CREATE SCHEMA "Sales"',
  );
});
afterAll(() => world.stop());

let users = 0;

async function newUser(options?: { readOnly?: boolean }) {
  const name = `rights_${++users}`;
  return { name, clone: `${name}_clone`, arn: await world.createUser(name, options) };
}

function alternating(secretArn: string, access: DatabaseAccess = {}): StepsContext {
  const { secretsManager, postgres } = world;
  const strategy = alternatingUsers({ secretsManager, caFile: postgres.caFile, ...access });
  return { secretsManager, secretArn, strategy };
}

async function asMaster(...statements: string[]): Promise<void> {
  await world.postgres.query(world.postgres.master, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function asSuperuser(...statements: string[]): Promise<void> {
  await world.postgres.query({ ...world.postgres.superuser, database: owned }, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function oneRow(sql: string, ...values: unknown[]): Promise<Record<string, unknown> | undefined> {
  return await world.postgres.query(
    { ...world.postgres.superuser, database: owned },
    async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows[0],
  );
}

/** Runs something as whom a version of a secret names. */
async function asVersion<T>(arn: string, stage: string, use: (client: Client) => Promise<T>): Promise<T> {
  const { username: user, password } = (await valueAt(world.secretsManager, arn, stage))!;
  const limits = { statementTimeoutMs: 10_000 };
  return await withSession({ ...world.postgres.master, user, password }, 'golive-test', limits, use);
}

/** Up to and without the test. */
async function untilSet(context: StepsContext): Promise<string> {
  const token = await beginRotation(world.secretsManager, context.secretArn);
  await runSteps(context, token, ['createSecret', 'setSecret']);
  return token;
}

describe('objects that one of two alternating users made', () => {
  test('can be read, filled, altered and dropped by the other, in both directions', async () => {
    const { arn } = await newUser();
    for (let rotation = 0; rotation < 2; rotation++) {
      await asVersion(arn, 'AWSCURRENT', (client) =>
        client.query(`CREATE TABLE made_${rotation} (id serial)`),
      );
      await rotate(alternating(arn));
      await asVersion(arn, 'AWSCURRENT', async (client) => {
        await client.query(`INSERT INTO made_${rotation} DEFAULT VALUES`);
        await client.query(`ALTER TABLE made_${rotation} ADD COLUMN note text`);
        const { rows } = await client.query(`SELECT * FROM made_${rotation}`);
        expect(rows).toEqual([{ id: 1, note: null }]);
      });
      // Whoever has not noticed yet goes on.
      await asVersion(arn, 'AWSPREVIOUS', (client) =>
        client.query(`INSERT INTO made_${rotation} DEFAULT VALUES`),
      );
      await asVersion(arn, 'AWSCURRENT', (client) => client.query(`DROP TABLE made_${rotation}`));
    }
  });
});

describe('20. the alternate user', () => {
  test('is made when it is absent, with everything that the current one has', async () => {
    const { name, clone, arn } = await newUser();
    await asMaster(
      `CREATE ROLE helpers_${name} NOLOGIN; GRANT helpers_${name} TO ${name} WITH ADMIN OPTION`,
      `ALTER ROLE ${name} NOINHERIT CREATEDB CONNECTION LIMIT 7 VALID UNTIL '2100-01-01'`,
      `ALTER ROLE ${name} SET statement_timeout = '7s'`,
      `ALTER ROLE ${name} SET search_path = "$user", "a, b", public`,
      `ALTER ROLE ${name} IN DATABASE ${owned} SET work_mem = '2MB'`,
      `SET ROLE ${OWNER}; GRANT SELECT, UPDATE ON orders TO ${name} WITH GRANT OPTION`,
      `GRANT SELECT (id) ON secrets_of_few TO ${name}`,
      `GRANT USAGE ON SEQUENCE "odd ""name" TO ${name}; GRANT USAGE ON SCHEMA "Sales" TO ${name}`,
      `GRANT EXECUTE ON FUNCTION answer TO ${name}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${name}`,
    );
    await rotate(alternating(arn));
    await expect(
      oneRow(
        `SELECT rolinherit, rolcreatedb, rolconnlimit, rolvaliduntil::date::text AS until,
                pg_has_role($1::name, $2::name, 'MEMBER WITH ADMIN OPTION') AS admin,
                has_table_privilege($1::name, 'orders', 'UPDATE WITH GRANT OPTION') AS granted,
                has_column_privilege($1::name, 'secrets_of_few', 'id', 'SELECT') AS column,
                has_sequence_privilege($1::name, '"odd ""name"', 'USAGE') AS sequence,
                has_schema_privilege($1::name, 'Sales', 'USAGE') AS schema,
                has_function_privilege($1::name, 'answer(integer, text)', 'EXECUTE') AS function,
                (SELECT array_agg(DISTINCT grantee::regrole::text) FILTER (WHERE grantee::regrole::text = $1)
                   FROM pg_default_acl, aclexplode(defaclacl)) AS defaults
           FROM pg_roles WHERE rolname = $1`,
        clone,
        `helpers_${name}`,
      ),
    ).resolves.toEqual({
      rolinherit: false,
      rolcreatedb: true,
      rolconnlimit: 7,
      until: '2100-01-01',
      admin: true,
      granted: true,
      column: true,
      sequence: true,
      schema: true,
      function: true,
      defaults: [clone],
    });
    await asVersion(arn, 'AWSCURRENT', async (client) => {
      const { rows } = await client.query(
        `SELECT current_user AS acts, session_user AS logs_in, current_setting('search_path') AS path,
                current_setting('work_mem') AS memory`,
      );
      expect(rows).toEqual([{ acts: OWNER, logs_in: clone, path: '"$user", "a, b", public', memory: '2MB' }]);
    });
  });

  test('improved: is made like the current one again when it is present and has drifted, both ways', async () => {
    const { name, clone, arn } = await newUser();
    await rotate(alternating(arn));
    await rotate(alternating(arn));
    await asMaster(
      `CREATE ROLE extra_${name} NOLOGIN; GRANT extra_${name} TO ${clone}; REVOKE ${OWNER} FROM ${clone}`,
      `ALTER ROLE ${clone} CREATEDB CONNECTION LIMIT 1; ALTER ROLE ${clone} RESET role`,
      `ALTER ROLE ${clone} SET work_mem = '1MB'; ALTER ROLE ${name} SET search_path = public`,
      `SET ROLE ${OWNER}; GRANT DELETE ON orders TO ${clone}; GRANT SELECT (note) ON orders TO ${name}`,
    );
    await rotate(alternating(arn));
    await expect(
      oneRow(
        `SELECT rolcreatedb, rolconnlimit, pg_has_role($1::name, $2::name, 'MEMBER') AS extra,
                pg_has_role($1::name, '${OWNER}', 'MEMBER') AS owner, rolconfig,
                EXISTS (SELECT FROM pg_class, aclexplode(relacl) WHERE relname = 'orders'
                          AND grantee = r.oid AND privilege_type = 'DELETE') AS deletes,
                has_column_privilege($1::name, 'orders', 'note', 'SELECT') AS reads
           FROM pg_roles AS r WHERE rolname = $1`,
        clone,
        `extra_${name}`,
      ),
    ).resolves.toEqual({
      rolcreatedb: false,
      rolconnlimit: -1,
      extra: false,
      owner: true,
      rolconfig: [`role=${OWNER}`, 'search_path=public'],
      deletes: false,
      reads: true,
    });
  });

  test('improved: a list in a setting is read by the server and is never part of a statement', async () => {
    const { name, clone, arn } = await newUser();
    // A user may set this for itself, and PostgreSQL takes it as one name.
    await asSuperuser(
      `SELECT set_config('search_path', 'x;DROP/**/ROLE/**/${OWNER}', false)`,
      `ALTER ROLE ${name} SET search_path FROM CURRENT`,
    );
    // The schema to make a table in is found without it.
    await rotate(alternating(arn));
    await expect(oneRow(`SELECT rolconfig FROM pg_roles WHERE rolname = $1`, clone)).resolves.toEqual({
      rolconfig: [`role=${OWNER}`, `search_path=x;DROP/**/ROLE/**/${OWNER}`],
    });
  });

  test('improved: gets the owner role that is asked for, though the current one has lost it', async () => {
    const { name, arn } = await newUser();
    await asMaster(`REVOKE ${OWNER} FROM ${name}; ALTER ROLE ${name} RESET ALL`);
    await rotate(alternating(arn, { ownerRole: OWNER }));
    await asVersion(arn, 'AWSCURRENT', async (client) => {
      const { rows } = await client.query('SELECT current_user AS acts');
      expect(rows).toEqual([{ acts: OWNER }]);
    });
  });
});

describe('21. the master', () => {
  test('commits once, and closes its connection, also when it fails', async () => {
    const { clone, arn } = await newUser();
    const statements: string[] = [];
    const lend: typeof withSession = (endpoint, application, limits, use) =>
      withSession(endpoint, application, limits, (client) => {
        const query = (text: string, values?: unknown[]) => {
          if (endpoint.user === world.postgres.master.user) statements.push(text.split('\n')[0]!);
          return client.query(text, values);
        };
        return use({ query } as unknown as Client);
      });
    const { secretsManager, postgres } = world;
    const strategy = alternatingUsers({ secretsManager, caFile: postgres.caFile, withSession: lend });
    await rotate({ secretsManager, secretArn: arn, strategy });
    expect(statements[0]).toBe('BEGIN');
    expect(statements.filter((text) => text === 'COMMIT')).toHaveLength(1);
    expect(statements.at(-1)).toBe('COMMIT');

    await rotate(alternating(arn));
    await asSuperuser(`ALTER ROLE ${clone} SUPERUSER`);
    statements.length = 0;
    const token = await beginRotation(secretsManager, arn);
    await expect(runSteps({ secretsManager, secretArn: arn, strategy }, token)).rejects.toMatchObject({
      code: 'RoleNotChangedError',
      message: expect.stringContaining('nothing was changed') as string,
    });
    expect(statements.at(-1)).toBe('ROLLBACK');
    await expect(
      oneRow("SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'golive-rotation'"),
    ).resolves.toEqual({ open: 0 });
  });

  test('that may not grant something leaves the alternate as it was', async () => {
    const { name, clone, arn } = await newUser();
    await rotate(alternating(arn));
    await rotate(alternating(arn));
    await asSuperuser(`ALTER ROLE ${name} BYPASSRLS`);
    const password = () => oneRow('SELECT * FROM pg_authid WHERE rolname = $1', clone);
    const before = await password();
    const token = await beginRotation(world.secretsManager, arn);
    await expect(runSteps(alternating(arn), token)).rejects.toMatchObject({ code: 'RoleNotChangedError' });
    await expect(password()).resolves.toEqual(before);
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
    await expect(worksAt(world, arn, 'AWSPREVIOUS')).resolves.toBe(true);
  });
});

describe('22. improved: testSecret proves more than a login, and moves nobody to a user that', () => {
  const refused = async (
    take: (user: { name: string; clone: string }) => string[],
    access?: DatabaseAccess,
  ) => {
    const { name, clone, arn } = await newUser();
    const token = await untilSet(alternating(arn, access));
    await asSuperuser(...take({ name, clone }));
    const failure: unknown = await runSteps(alternating(arn, access), token, ['testSecret']).catch(
      (error: unknown) => error,
    );
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
    expect(failure).toMatchObject({ code: 'PendingRightsError' });
    return (failure as Error).message;
  };

  test('belongs to another role less', async () => {
    const message = await refused(({ clone }) => [`REVOKE ${OWNER} FROM ${clone}`]);
    expect(message).toContain(`member of "${OWNER}": missing`);
    expect(message).toContain('ownership of relation public.orders: missing');
    expect(message).toMatch(/and \d+ more; .* rotate again$/);
  });

  test('does not act as the owner', async () => {
    await expect(refused(({ clone }) => [`ALTER ROLE ${clone} RESET role`])).resolves.toContain(
      'setting role: missing',
    );
  });

  test('acts as itself, by what its database says', async () => {
    await expect(
      refused(({ clone }) => [`ALTER ROLE ${clone} IN DATABASE ${owned} SET role = '${clone}'`]),
    ).resolves.toContain(`setting role in database "${owned}": too much`);
  });

  test('has one direct grant less, or one more', async () => {
    const message = await refused(({ name, clone }) => [
      `GRANT INSERT ON orders TO ${name}; GRANT TRIGGER ON secrets_of_few TO ${clone}`,
    ]);
    expect(message).toContain('INSERT on TABLE public.orders: missing');
    expect(message).toContain('TRIGGER on TABLE public.secrets_of_few: too much');
  });

  test('cannot use what the current login itself owns', async () => {
    const message = await refused(({ name }) => [
      `CREATE TABLE own_of_${name} (); ALTER TABLE own_of_${name} OWNER TO ${name}`,
    ]);
    expect(message).toMatch(/SELECT on table public\.own_of_\w+: missing/);
    expect(message).toMatch(/ownership of relation public\.own_of_\w+: missing/);
    expect(message).toContain('give objects that a login owns to the owner role');
  });

  test('may make no table, as the owner that is asked for', async () => {
    await asSuperuser(`CREATE ROLE poor_owner NOLOGIN; GRANT poor_owner TO ${world.postgres.master.user}`);
    await expect(refused(() => [], { ownerRole: 'poor_owner' })).resolves.toContain(
      'CREATE on any schema: missing',
    );
  });

  test('is gone', async () => {
    const { clone, arn } = await newUser();
    const token = await untilSet(alternating(arn));
    await asSuperuser(`DROP ROLE ${clone}`);
    await expect(runSteps(alternating(arn), token, ['testSecret'])).rejects.toMatchObject({
      code: 'DatabaseAuthenticationError',
    });
  });

  test('leaves nothing of what it tries', async () => {
    const tables = () => oneRow(`SELECT array_agg(relname::text ORDER BY relname) AS names FROM pg_class`);
    const { arn } = await newUser();
    const token = await untilSet(alternating(arn));
    const before = await tables();
    await runSteps(alternating(arn), token, ['testSecret']);
    await expect(tables()).resolves.toEqual(before);
  });
});

describe('22. improved: a user who only reads', () => {
  const reader = (secretArn: string, username: string): StepsContext => {
    const { secretsManager, postgres } = world;
    const strategy = singleUser({
      mode: 'by-master',
      username,
      readOnly: true,
      secretsManager,
      caFile: postgres.caFile,
    });
    return { secretsManager, secretArn, strategy };
  };

  test('is rotated by the master', async () => {
    const { name, arn } = await newUser({ readOnly: true });
    await rotate(reader(arn, name));
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });

  test('alternates, too', async () => {
    const { arn } = await newUser({ readOnly: true });
    await rotate(alternating(arn, { readOnly: true }));
    await expect(worksAt(world, arn, 'AWSCURRENT')).resolves.toBe(true);
  });

  test.each([
    [
      'cannot read',
      (name: string) => `REVOKE pg_read_all_data FROM ${name}`,
      'SELECT on public.orders: missing',
    ],
    [
      'may write',
      (name: string) => `GRANT UPDATE ON orders TO ${name}`,
      'writing to public.orders: too much',
    ],
    [
      'may create',
      (name: string) => `GRANT CREATE ON SCHEMA public TO ${name}`,
      'CREATE on schema "public": too much',
    ],
  ])('is not called tested when it %s', async (_, statement, problem) => {
    const { name, arn } = await newUser({ readOnly: true });
    const token = await untilSet(reader(arn, name));
    await asSuperuser(statement(name));
    await expect(runSteps(reader(arn, name), token, ['testSecret'])).rejects.toMatchObject({
      code: 'PendingRightsError',
      message: expect.stringContaining(problem) as string,
    });
  });
});
