import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTools, MissingToolError, requireTools, type ToolSearch } from '../../local/tools';

const POSTGRES = ['initdb', 'postgres', 'pg_ctl', 'pg_dump', 'pg_restore', 'psql'];

/** A machine of our own, whose package managers are what a test says. */
describe('the programs beyond npm', () => {
  let root: string;
  let machine: NonNullable<ToolSearch['machine']>;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'golive-test-machine-'));
    for (const folder of ['bin', 'usr/sbin', 'etc']) mkdirSync(join(root, folder), { recursive: true });
    machine = {
      root,
      platform: 'linux',
      isRoot: true,
      path: [join(root, 'bin')],
      home: join(root, 'home'),
      virtualEnvironment: undefined,
    };
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (name: string, javascript = '') =>
    writeFileSync(join(root, 'bin', name), `#!${process.execPath}\n${javascript}\n`, { mode: 0o755 });
  const place = (...names: string[]) => names.forEach((name) => write(name));
  const PLACE = `const place = (...names) => names.forEach((name) =>
    require('node:fs').writeFileSync(require('node:path').join(__dirname, name), '', { mode: 0o755 }));
    const args = process.argv.slice(2);
    require('node:fs').appendFileSync(__dirname + '/../log', require('node:path').basename(__filename) + ' ' + args.join(' ') + '\\n');`;
  /** A package manager that installs what it has, and fails when it has it not. */
  const packageManager = (name: string, has: Record<string, readonly string[]>, more = '') =>
    write(
      name,
      `${PLACE} ${more}
      const has = ${JSON.stringify(has)};
      const wanted = args.filter((word) => !word.startsWith('-') && word !== 'install' && word !== 'update');
      for (const word of wanted) if (!has[word]) { console.error('no ' + word); process.exit(100); }
      for (const word of wanted) place(...has[word]);`,
    );
  const ran = () =>
    existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8').trim().split('\n') : [];

  test('what is missing is named, each with the command that installs it, and all at once', async () => {
    machine = { ...machine, isRoot: false };
    const failure: unknown = await requireTools({ for: 'tests', machine }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MissingToolError);
    const { message } = failure as Error;
    for (const part of [
      'PostgreSQL',
      'sudo apt-get install postgresql',
      'valkey-server or redis-server',
      'sudo apt-get install redis-server   (Debian, Ubuntu)   or   sudo dnf install valkey',
      'moto_server',
      'pipx install',
      'chromium',
      'sudo apt-get install chromium',
    ])
      expect(message).toContain(part);
    expect(ran()).toEqual([]);
  });

  test('on macOS the commands are Homebrew’s', async () => {
    machine = { ...machine, platform: 'darwin' };
    await expect(requireTools({ for: 'tests', machine, install: false })).rejects.toThrow(
      /brew install postgresql@17[^]*brew install valkey[^]*brew install --cask chromium/,
    );
  });

  test('the platform runs without a browser; the tests do not', async () => {
    place(...POSTGRES, 'redis-server', 'moto_server');
    await expect(requireTools({ machine })).resolves.toMatchObject({
      redisServer: join(root, 'bin', 'redis-server'),
    });
    await expect(requireTools({ machine, for: 'tests' })).rejects.toThrow(/a browser/);
  });

  test('Valkey is preferred to Redis, and any of the browsers will do', async () => {
    place('redis-server', 'valkey-server', 'google-chrome');
    expect(await findTools({ machine })).toEqual({
      redisServer: join(root, 'bin', 'valkey-server'),
      chromium: join(root, 'bin', 'google-chrome'),
    });
    place('chromium-browser');
    expect(await findTools({ machine })).toMatchObject({ chromium: join(root, 'bin', 'chromium-browser') });
  });

  test('a browser of macOS is found among the applications', async () => {
    const folder = join(root, 'Applications/Google Chrome.app/Contents/MacOS');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'Google Chrome'), '', { mode: 0o755 });
    expect(await findTools({ machine: { ...machine, platform: 'darwin' } })).toEqual({
      chromium: join(folder, 'Google Chrome'),
    });
    expect(await findTools({ machine })).toEqual({});
  });

  describe('on Debian', () => {
    const APT = { postgresql: POSTGRES, 'redis-server': ['redis-server'], chromium: ['chromium'] };
    beforeEach(() => place('moto_server'));

    test('what is missing is installed, from lists that are fetched once', async () => {
      packageManager('apt-get', APT);
      expect(await requireTools({ for: 'tests', machine })).toEqual({
        postgresBin: join(root, 'bin'),
        redisServer: join(root, 'bin', 'redis-server'),
        motoServer: join(root, 'bin', 'moto_server'),
        chromium: join(root, 'bin', 'chromium'),
      });
      expect(ran()).toEqual([
        'apt-get update',
        'apt-get install -y --no-install-recommends postgresql',
        'apt-get install -y --no-install-recommends redis-server',
        'apt-get install -y --no-install-recommends chromium',
      ]);
    });

    test('one that cannot be installed keeps none of the others away, and is named', async () => {
      packageManager('apt-get', { postgresql: POSTGRES, chromium: ['chromium'] });
      const log: string[] = [];
      await expect(requireTools({ for: 'tests', machine, log: (line) => log.push(line) })).rejects.toThrow(
        /machine:\n {2}a cache server[^\n]*\n[^\n]*\nthen run/,
      );
      expect(log.join('\n')).toMatch(/redis-server\n {2}did not work/);
    });

    /** Asks as dpkg would, while the package is being installed, and writes down what it was told. */
    const ASKS = `const policy = __dirname + '/../usr/sbin/policy-rc.d';
      if (args[0] === 'install') for (const service of ['redis-server', 'nginx']) {
        const { status } = require('node:child_process').spawnSync('/bin/sh', [policy, '--quiet', service, 'start']);
        require('node:fs').appendFileSync(__dirname + '/../asked', args.at(-1) + ' ' + service + ' ' + status + '\\n');
      }`;
    const asked = () => readFileSync(join(root, 'asked'), 'utf8').trim().split('\n');

    test('the cache’s service is not started, nor at the next boot, and the policy that says so goes again', async () => {
      place(...POSTGRES);
      packageManager('apt-get', APT, ASKS);
      write('update-rc.d', PLACE);
      await requireTools({ machine });
      expect(asked()).toEqual(['redis-server redis-server 101', 'redis-server nginx 0']);
      expect(existsSync(join(root, 'usr/sbin/policy-rc.d'))).toBe(false);
      expect(ran().at(-1)).toBe('update-rc.d redis-server disable');
    });

    test('what an interrupted run left of that policy is removed by the next one', async () => {
      place(...POSTGRES);
      const policy = join(root, 'usr/sbin/policy-rc.d');
      packageManager(
        'apt-get',
        APT,
        `if (args[0] === 'install') require('node:fs').copyFileSync('${policy}', '${policy}.left');`,
      );
      await requireTools({ machine });
      rmSync(join(root, 'bin/redis-server'));
      writeFileSync(policy, readFileSync(`${policy}.left`));
      await requireTools({ machine });
      expect(existsSync(policy)).toBe(false);
    });

    test('somebody else’s policy stays, and a service that it let start is stopped', async () => {
      place(...POSTGRES);
      packageManager('apt-get', APT);
      write('invoke-rc.d', PLACE);
      const policy = join(root, 'usr/sbin/policy-rc.d');
      writeFileSync(policy, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
      await requireTools({ machine });
      expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
      expect(statSync(policy).mode & 0o777).toBe(0o700);
      expect(ran()).toContain('invoke-rc.d redis-server stop');
    });

    test('PostgreSQL makes no cluster', async () => {
      place('redis-server');
      packageManager('apt-get', APT);
      await requireTools({ machine });
      expect(readFileSync(join(root, 'etc/postgresql-common/createcluster.conf'), 'utf8')).toBe(
        'create_main_cluster = false\n',
      );
    });
  });

  test('on Fedora Valkey is installed, and Redis where there is none yet', async () => {
    place(...POSTGRES, 'moto_server');
    packageManager('dnf', { redis: ['redis-server'] });
    await requireTools({ machine });
    expect(ran()).toEqual(['dnf install -y valkey', 'dnf install -y redis']);
  });

  test('moto_server comes by pipx, which is installed first', async () => {
    place(...POSTGRES, 'redis-server');
    packageManager(
      'apt-get',
      { pipx: [] },
      `if (args[0] === 'install') require('node:fs').copyFileSync(__dirname + '/pipx.later', __dirname + '/pipx');`,
    );
    write('pipx.later', `${PLACE} place('moto_server');`);
    await expect(requireTools({ machine })).resolves.toMatchObject({
      motoServer: join(root, 'bin', 'moto_server'),
    });
    expect(ran().at(-1)).toMatch(/^pipx install moto\[server\]==/);
  });
});
