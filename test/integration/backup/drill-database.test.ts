import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeThrowAwayDatabase } from '../../../core/backup/drill/throw-away-database';
import { findServerPrograms, type ServerPrograms } from '../../../core/postgres/server-programs';
import { withSession } from '../../../core/postgres/session';
import { withThrowAwayServer } from '../../../core/postgres/throw-away-server';
import { requireTools } from '../../../local/tools';
import { makeProgramFolder } from '../../support/fake-program';
import { fingerprint } from '../../core/backup/verify/fixtures';

const { database: shape } = fingerprint();

describe('an empty database in a throw-away server', () => {
  let programs: ServerPrograms;
  let temporaryFolder: string;

  beforeAll(async () => {
    programs = await findServerPrograms({ path: (await requireTools()).postgresBin, majorVersion: 13 });
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-drill-'));
    // Where the tests run as root, the server runs as somebody else.
    chmodSync(temporaryFolder, 0o711);
  });

  afterAll(() => rmSync(temporaryFolder, { recursive: true }));

  const make = (made: Partial<Parameters<typeof makeThrowAwayDatabase>[1]>) =>
    withThrowAwayServer({ programs, temporaryFolder }, async ({ administrator }) => {
      const database = await makeThrowAwayDatabase(administrator, {
        name: 'shop',
        shape,
        globals: '',
        ...made,
      });
      const asked = `SELECT datcollate AS collate, pg_get_userbyid(datdba) AS owner, datlocprovider AS provider
        FROM pg_database WHERE datname = current_database()`;
      const limits = { statementTimeoutMs: 10_000 };
      const [found] = await withSession(database.target, 'test', limits, async (session) => {
        return (await session.query<{ collate: string; owner: string; provider: string }>(asked)).rows;
      });
      return { ...database, found };
    });

  test('is like the one that was dumped, whatever it is called', async () => {
    const globals = `CREATE ROLE golive_admin;\nALTER ROLE golive_admin WITH NOSUPERUSER CREATEDB LOGIN;`;
    const { found, remarks } = await make({
      name: 'postgres',
      globals,
      shape: { ...shape, collate: 'C', ctype: 'C' },
    });
    expect(found).toEqual({ collate: 'C', owner: 'golive_admin', provider: 'c' });
    expect(remarks).toEqual([]);
  });

  test('has an ICU locale where the other had one', async () => {
    const { found } = await make({ shape: { ...shape, localeProvider: 'i', locale: 'de-DE' } });
    expect(found).toMatchObject({ provider: 'i', owner: 'golive_drill' });
  });

  test('is not made with another locale when the machine lacks its own, and says what to install', async () => {
    const made = make({ shape: { ...shape, collate: 'xx_XX.UTF-8', ctype: 'xx_XX.UTF-8' } });
    await expect(made).rejects.toMatchObject({
      code: 'DrillMachineError',
      message: expect.stringMatching(/xx_XX.*install its locale/) as string,
    });
  });

  test('has the roles that can be made; the others are told of, and nothing else is carried out', async () => {
    const globals = `CREATE ROLE app;
      CREATE ROLE app;
      CREATE ROLE boss;
      ALTER ROLE boss WITH SUPERUSER PASSWORD 'hidden'; GRANT app TO boss GRANTED BY nobody;
      GRANT no_such_role TO app;
      ALTER ROLE rdsadmin NOLOGIN;
      DROP ROLE app;`;
    const { remarks, administrator } = await make({ globals });
    expect(remarks).toEqual([
      'a role or its settings could not be made: role "app" already exists',
      'a role or its settings could not be made: role "no_such_role" does not exist',
    ]);
    expect(JSON.stringify(remarks)).not.toContain('hidden');
    expect(administrator.user).toBe('rdsadmin');
  });

  test('is not made in a folder whose name no socket can have', async () => {
    const long = mkdtempSync(join(temporaryFolder, 'a'.repeat(90)));
    await expect(
      withThrowAwayServer({ programs, temporaryFolder: long }, () => Promise.resolve()),
    ).rejects.toMatchObject({
      code: 'ThrowAwayServerError',
      message: expect.stringMatching(/shorter/) as string,
    });
  });

  test('cannot be had when the server does not start, and its last words are told', async () => {
    const folder = makeProgramFolder();
    chmodSync(folder.path, 0o755);
    symlinkSync(join(programs.folder, 'initdb'), join(folder.path, 'initdb'));
    folder.write('postgres', `console.error('FATAL: no memory'); process.exit(1)`);
    const broken = { ...programs, folder: folder.path };
    await expect(
      withThrowAwayServer({ programs: broken, temporaryFolder }, () => Promise.resolve()),
    ).rejects.toMatchObject({
      code: 'ThrowAwayServerError',
      message: expect.stringMatching(/did not start: FATAL: no memory; /) as string,
    });
    folder.remove();
  });

  test('cannot be had when its programs cannot be run', async () => {
    const broken = { ...programs, folder: '/no/such/folder' };
    await expect(
      withThrowAwayServer({ programs: broken, temporaryFolder }, () => Promise.resolve()),
    ).rejects.toMatchObject({ code: 'SupervisorError' });
  });
});
