import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { startPlatform, type LocalPlatform } from '../../../local/platform';
import { golive } from '../support/golive';
import { synthesisedLocal } from '../support/synthesised';
import { askForRoles, currentValue, endpointOf, query } from './platform-support';

/**
 * By what the secret's name holds: what people set, and what stands where it should not. None looks like a secret to a
 * rule that knows what they look like.
 */
const PLANTED = {
  'golive/local/sentry-dsn': 'http://planted-sentry-key@127.0.0.1:9/1',
  SecretsPagerDutySecret: '{"routingKey":"plantedroutingkey0000000000000001"}',
  SecretsSlackSecret: '{"webhook":"planted slack, not even a URL"}',
  CacheUserSecret: 'planted where a cache user’s JSON should be',
};
const PLANTED_PARTS = [
  'planted-sentry-key',
  'plantedroutingkey0000000000000001',
  'planted slack, not even a URL',
  'planted where a cache user',
];

/** Under these names a secret holds what anybody may know. */
const PUBLIC = new Set([
  ...['engine', 'host', 'port', 'username', 'dbname', 'masterarn', 'dbInstanceIdentifier'],
  ...['purpose', 'algorithm', 'kid', 'state', 'kty', 'crv', 'x', 'y'],
  ...['createdAt', 'publishedAt', 'activatedAt', 'retiredAt', 'unneededSince'],
]);

describe('no value of a secret is in anything that bootstrap, rotations and their failures leave', () => {
  let assembly: string;
  let platform: LocalPlatform;
  let secretValues: ReadonlySet<string>;
  /** Everything that was produced, by where it stands. */
  const produced = new Map<string, string>();

  beforeAll(async () => {
    assembly = await synthesisedLocal();
    platform = await startPlatform({ assembly });
    await plant();
    const generated = await allSecretValues();
    await rotateAndFail();
    secretValues = new Set([...generated, ...(await allSecretValues()), ...PLANTED_PARTS]);
    await collect();
  });

  afterAll(async () => {
    await platform?.stop();
  });

  async function plant(): Promise<void> {
    await query(platform, platform.database.superuser, `ALTER SYSTEM SET log_statement = 'all'`);
    await query(platform, platform.database.superuser, 'SELECT pg_reload_conf()');
    const { SecretList = [] } = await platform.clients.secretsManager.send(new ListSecretsCommand({}));
    for (const [name, SecretString] of Object.entries(PLANTED)) {
      const SecretId = SecretList.find(({ Name }) => Name?.includes(name))!.ARN;
      await platform.clients.secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
    }
  }

  async function rotateAndFail(): Promise<void> {
    const failures: unknown[] = [];
    const failing = (work: Promise<unknown>) =>
      work.then(
        () => Promise.reject(new Error('it was to fail')),
        (error: unknown) => void failures.push(error),
      );
    const answers = [
      // Other roles, a name that is refused, and properties that are none.
      await askForRoles(platform, { Owner: 'another_owner' }),
      await askForRoles(platform, { Owner: 'golive_app' }),
      await askForRoles(platform, { Database: 'no_such_database' }),
      await askForRoles(platform, { OnDelete: 'perhaps' }),
      await askForRoles(platform, {}),
    ];
    expect(answers.map(({ answer }) => answer['Status'])).toEqual([
      'SUCCESS',
      'FAILED',
      'FAILED',
      'FAILED',
      'SUCCESS',
    ]);
    await failing(
      platform.rotate('Rotations/App/', { attempts: 1, environment: { DATABASE_CA_FILE: '/dev/null' } }),
    );
    await platform.rotate('Rotations/App/');
    await failing(platform.rotate('Rotations/Cache/', { attempts: 1 }));
    const app = await endpointOf(platform, 'App');
    // As if somebody had changed it by hand: the bootstrap then sets the secret's own.
    await query(platform, platform.database.superuser, `ALTER ROLE "${app.user}" PASSWORD 'by hand'`);
    await failing(platform.rotate('Rotations/App/', { attempts: 1 }));
    answers.push(await askForRoles(platform, {}));
    await platform.rotate('Rotations/Backup/');
    await platform.rotate('Rotations/Data/');
    await platform.rotate('Rotations/Master/');
    await currentValue(platform, 'Master');
    produced.set('answers to CloudFormation', JSON.stringify(answers.map(({ answer }) => answer)));
    for (const failure of failures) {
      const { cause } = failure as { cause?: unknown };
      produced.set(
        `error ${produced.size}`,
        [failure, cause].map((each) => (each as Error).stack).join('\n'),
      );
    }
  }

  async function allSecretValues(): Promise<Set<string>> {
    const { secretsManager } = platform.clients;
    const values = new Set<string>();
    const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({}));
    for (const { ARN: SecretId } of SecretList) {
      const { Versions = [] } = await secretsManager.send(
        new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
      );
      for (const { VersionId } of Versions) {
        const value = await secretsManager.send(new GetSecretValueCommand({ SecretId, VersionId })).then(
          ({ SecretString }) => SecretString,
          (error: unknown) => {
            if (error instanceof ResourceNotFoundException) return undefined;
            throw error;
          },
        );
        if (value !== undefined) secretLeaves(value).forEach((leaf) => values.add(leaf));
      }
    }
    return values;
  }

  async function collect(): Promise<void> {
    produced.set('logs of the functions', platform.invocations.flatMap(({ logs }) => logs).join('\n'));
    produced.set(
      'answers and errors of the functions',
      JSON.stringify(platform.invocations.map(({ result, error }) => ({ result, error }))),
    );
    produced.set('environments of the functions', JSON.stringify(platform.functions));
    produced.set('the report of the resources', JSON.stringify(platform.resources));
    const stage = join(assembly, 'assembly-local');
    for (const file of readdirSync(stage).filter((name) => name.endsWith('.json')))
      produced.set(file, readFileSync(join(stage, file), 'utf8'));
    const { superuser } = platform.database;
    const [setting] = await query(platform, superuser, 'SHOW data_directory');
    const folder = dirname(String(setting!['data_directory']));
    for (const file of readdirSync(folder).filter((name) => /^postgres-.*log$/.test(name)))
      produced.set('the log of PostgreSQL', readFileSync(join(folder, file), 'utf8'));
    for (const args of [
      ['secrets', 'list'],
      ['secrets', 'list', '--json'],
      ['secrets', 'show', 'app'],
    ])
      produced.set(`golive ${args.join(' ')}`, await said(args));
  }

  async function said(args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await golive(platform, ...args);
    return [stdout, stderr].join('\n');
  }

  const places = (values: Iterable<string>) =>
    [...produced].flatMap(([place, content]) =>
      [...values]
        .filter((value) => content.includes(value))
        .map((value) => `${place}: ${value.slice(0, 4)}…`),
    );

  test('neither what was planted nor what was generated', () => {
    expect(places(secretValues)).toEqual([]);
  });

  test('and that is no wonder of an empty search: all of it is there to be found', () => {
    // Of master, app, backup and cache a password or two each, of the rings a key or more, and what was planted.
    expect(secretValues.size).toBeGreaterThan(12);
    expect([...secretValues].every((value) => value.length >= 10)).toBe(true);
    for (const [place, content] of [
      ['logs of the functions', 'NoWorkingCredentialsError'],
      ['logs of the functions', 'SecretMalformedError'],
      ['logs of the functions', '"action":"secret.rotate"'],
      ['answers and errors of the functions', 'DatabaseTlsError'],
      ['answers to CloudFormation', 'RolesRefusedError'],
      ['environments of the functions', 'SECRET_ARN'],
      // The server's log has every statement, and in place of a password what the server keeps.
      ['the log of PostgreSQL', "PASSWORD 'SCRAM-SHA-256$"],
      ['golive secrets list', 'backup'],
    ] as const)
      expect([place, produced.get(place)?.includes(content)]).toEqual([place, true]);
    const [known] = [...produced.values()].join('').match(/golive_app_clone/) ?? [];
    expect(places([known!]).length).toBeGreaterThan(0);
  });
});

/** The parts of a value that nobody may know; all of it where it is no JSON. */
function secretLeaves(value: string): string[] {
  try {
    return leavesOf(JSON.parse(value) as unknown);
  } catch {
    return [value];
  }
}

function leavesOf(node: unknown): string[] {
  if (typeof node === 'string') return [node];
  if (Array.isArray(node)) return node.flatMap(leavesOf);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, item]) => (PUBLIC.has(name) ? [] : leavesOf(item)));
}
