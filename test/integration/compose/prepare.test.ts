import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { sendToCache } from '../../../core/shared/cache-commands';
import { JwtKeyRing } from '../../../core/secrets/key-ring';
import { startEmulator, type Emulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { startOnFreePort } from '../../../local/start-on-free-port';
import { Supervisor } from '../../../local/supervisor';
import { requireTools } from '../../../local/tools';
import { PrepareEnvironment } from '../../../scripts/compose/environment';
import { makeFiles } from '../../../scripts/compose/make-files';
import { makeRoles } from '../../../scripts/compose/make-roles';
import { makeSecrets } from '../../../scripts/compose/make-secrets';
import { filesIn } from '../../../scripts/compose/volumes';
import { readCompose } from '../../compose/compose-file';

/** What stands in the file: no engine runs here, so the steps run against this machine's own servers. */
const { services } = readCompose('docker-compose.yml');
const { environment: asInTheFile } = services['prepare']!;
const run = promisify(execFile);

describe('what docker-compose.yml prepares', () => {
  let supervisor: Supervisor;
  let emulator: Emulator;
  let postgres: LocalPostgres;
  let folder: string;
  let environment: PrepareEnvironment;
  let files: ReturnType<typeof filesIn>;
  let secretsManager: SecretsManagerClient;

  beforeAll(async () => {
    supervisor = Supervisor.start();
    [emulator, postgres] = await Promise.all([
      startEmulator(supervisor, 'eu-central-1'),
      startPostgres({ supervisor }),
    ]);
    secretsManager = emulator.clients.secretsManager;
  });
  afterAll(() => supervisor.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'golive-test-compose-'));
    files = filesIn(folder);
    environment = PrepareEnvironment.parse({
      ...asInTheFile,
      DATABASE_HOST: 'localhost',
      DATABASE_PORT: postgres.master.port,
      DATABASE_SUPERUSER: postgres.superuser.user,
      FOLDER: folder,
    });
    await fetch(`${emulator.aws.endpoint}/moto-api/reset`, { method: 'POST' });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const secret = async (arn: string) => {
    const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId: arn }));
    return JSON.parse(SecretString!) as Record<string, string>;
  };
  /** The server has its certificate and its superuser from elsewhere here. */
  const asThisServer = async () => {
    await writeFile(files.authorities.postgres, await readFile(postgres.caFile, 'utf8'));
    await writeFile(files.postgres.superuserPassword, postgres.superuser.password);
  };

  test('fails when the emulator has no secrets, and says which', async () => {
    await expect(makeFiles(secretsManager, environment)).rejects.toThrow(/can't find the specified secret/i);
  });

  test('fails with the superuser’s wrong password, without telling it', async () => {
    await makeSecrets(secretsManager, environment);
    await makeFiles(secretsManager, environment);
    await asThisServer();
    await writeFile(files.postgres.superuserPassword, 'planted-password');
    const failure = await makeRoles(secretsManager, environment).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'DatabaseAuthenticationError' });
    expect(String(failure)).not.toContain('planted-password');
  });

  test('an emulator that has begun anew gets the same secrets, so that servers and services agree', async () => {
    expect(await makeSecrets(secretsManager, environment)).toHaveLength(3);
    const before = await secret(environment.DATABASE_SECRET_ARN);
    expect(await makeSecrets(secretsManager, environment)).toEqual([]);
    await fetch(`${emulator.aws.endpoint}/moto-api/reset`, { method: 'POST' });
    expect(await makeSecrets(secretsManager, environment)).toHaveLength(3);
    expect(await secret(environment.DATABASE_SECRET_ARN)).toEqual(before);
    JwtKeyRing.parse(await secret(environment.JWT_SECRET_ARN));
  });

  test('keys and passwords are readable by their owner alone, authorities by everybody', async () => {
    await makeSecrets(secretsManager, environment);
    await makeFiles(secretsManager, environment);
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    const secretly = [
      files.postgres.key,
      files.postgres.superuserPassword,
      files.valkey.key,
      files.valkey.users,
      files.secrets,
    ];
    expect(await Promise.all(secretly.map(mode))).toEqual(secretly.map(() => '600'));
    const openly = [files.authorities.postgres, files.authorities.valkey, files.postgres.certificate];
    expect(await Promise.all(openly.map(mode))).toEqual(openly.map(() => '644'));
  });

  test('a second time keeps what the servers have read, and follows the cache’s secret', async () => {
    await makeSecrets(secretsManager, environment);
    await makeFiles(secretsManager, environment);
    const read = () =>
      Promise.all(
        [files.postgres.key, files.authorities.valkey, files.postgres.superuserPassword].map((path) =>
          readFile(path, 'utf8'),
        ),
      );
    const before = await read();
    expect(await makeFiles(secretsManager, environment)).toEqual([]);
    expect(await read()).toEqual(before);
    const { password } = await secret(environment.CACHE_SECRET_ARN);
    const hash = createHash('sha256').update(password!).digest('hex');
    expect(await readFile(files.valkey.users, 'utf8')).toBe(
      `user default off\nuser probe on nopass -@all +ping\nuser golive on #${hash} ~* &* +@all -@admin -@dangerous\n`,
    );
  });

  test('the services’ login comes in with the secret’s password and acts as the owner; again, nothing changes', async () => {
    await makeSecrets(secretsManager, environment);
    await makeFiles(secretsManager, environment);
    await asThisServer();
    expect((await makeRoles(secretsManager, environment)).length).toBeGreaterThan(0);
    const login = await secret(environment.DATABASE_SECRET_ARN);
    const client = new Client({
      host: login['host']!,
      port: Number(login['port']),
      database: login['dbname']!,
      user: login['username']!,
      password: login['password']!,
      ssl: { ca: await readFile(files.authorities.postgres, 'utf8') },
    });
    await client.connect();
    try {
      const { rows } = await client.query('SELECT current_user AS role, session_user AS login');
      expect(rows).toEqual([{ role: 'golive_owner', login: 'golive_app' }]);
    } finally {
      await client.end();
    }
    const again = await makeRoles(secretsManager, environment);
    expect(again.filter((change) => !change.includes('golive_backup'))).toEqual([]);
  });

  test('the cache’s own command starts with them, its check says that it answers, and its user alone comes in', async () => {
    await makeSecrets(secretsManager, environment);
    await makeFiles(secretsManager, environment);
    const here = (word: string) =>
      word
        .replace(/^\/start\//, `${dirname(files.valkey.key)}/`)
        .replace(/^\/authorities\//, `${dirname(files.authorities.valkey)}/`);
    const { redisServer } = await requireTools();
    const [, ...args] = services['valkey']!.command!;
    // A client of the container's is beside its server here.
    const client = redisServer.replace(/-server$/, '-cli');
    const check = (port: number, ...more: string[]) => {
      const [, , ...words] = services['valkey']!.healthcheck!.test!;
      return run(client, ['-p', String(port), ...more, ...words.map(here)]).then(
        ({ stdout }) => stdout.trim(),
        () => 'no',
      );
    };
    const { port } = await startOnFreePort(supervisor, {
      folder,
      timeoutMs: 20_000,
      answers: async (free) => (await check(free)) === 'PONG',
      failed: (log) => new Error(`the cache did not start: ${log}`),
      specification: (free) => ({
        name: 'cache',
        command: redisServer,
        args: args.map((word) => (word === '6379' ? String(free) : here(word))),
        env: {},
        cwd: folder,
        stopSignal: 'SIGKILL',
      }),
    });
    const endpoint = { host: 'localhost', port, ca: await readFile(files.authorities.valkey, 'utf8') };
    const { username, password } = await secret(environment.CACHE_SECRET_ARN);
    const login = { username: username!, password: password! };
    expect(await sendToCache(endpoint, login, [['SET', 'a', 'b'], ['PING']])).toEqual(['OK', 'PONG']);
    await expect(sendToCache(endpoint, { ...login, password: 'other' }, [['PING']])).rejects.toThrow(
      /WRONGPASS/,
    );
    await expect(
      sendToCache(endpoint, { username: 'probe', password: 'probe' }, [['SET', 'a', 'b']]),
    ).rejects.toThrow(/NOPERM/);
    await supervisor.stopService('cache');
    expect(await check(port)).toBe('no');
  });
});
