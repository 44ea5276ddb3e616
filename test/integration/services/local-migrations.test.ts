import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { startPlatform, type LocalPlatform } from '../../../local/platform';
import { synthesisedLocal } from '../support/synthesised';
import { until } from '../../support/processes';

/** The deployed functions and state machine, with the gateway's own bundle as the task, on a real PostgreSQL. */
describe('the migrations of a deployment', () => {
  let assembly: string;
  let platform: LocalPlatform;
  let sfn: SFNClient;

  beforeAll(async () => {
    assembly = await synthesisedLocal();
    platform = await startPlatform({ assembly, services: 'later' });
    sfn = new SFNClient({ ...platform.aws });
  }, 300_000);
  afterAll(async () => {
    sfn?.destroy();
    await platform?.stop();
  });

  const query = async (sql: string) => {
    const { superuser, master } = platform.database;
    const { rows } = await platform.database.query({ ...superuser, database: master.database }, (client) =>
      client.query<Record<string, unknown>>(sql),
    );
    return rows;
  };
  const begun = () => platform.functions.find(({ path }) => path.includes('Migrations/Begin'))!;
  const invocationOf = (name: string) =>
    platform.invocations.find(({ functionPath }) => functionPath.includes(name))!;
  /** The run that the deployment asked for. */
  const asked = () => /"execution":"([\w-]+)"/.exec(invocationOf('Migrations/Begin').logs.join('\n'))![1]!;
  const execution = async (name: string) => {
    const machine = begun().environment['STATE_MACHINE_ARN']!;
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  };

  test('that fail stop it, with the file, the SQLSTATE and the reason in its message', async () => {
    // Somebody has made by hand what the first file makes.
    await query(
      'CREATE SCHEMA golive AUTHORIZATION golive_owner; CREATE TABLE golive.users (id int); ALTER TABLE golive.users OWNER TO golive_owner',
    );

    const failure = await platform.deployServices().catch((error: unknown) => error);

    expect(String(failure)).toMatch(
      /Migrations.* the database was not migrated: the task ended with exit code 1\. It said last: ERROR migrate failed: MigrationFailedError: 001\.do\.projects-and-deployments\.sql failed.*SQLSTATE 42P07.*already exists/s,
    );
    expect(String(failure)).toContain('docs/runbook.md#services-migrations-failing');
    // No service was started: they come after.
    expect(platform.services).toBeUndefined();
  }, 300_000);

  test('leave a run that says the same, and nowhere the URL that was answered', async () => {
    const logs = ['Migrations/Begin', 'Migrations/Answer']
      .flatMap((name) => invocationOf(name).logs)
      .join('\n');
    const run = await execution(asked());
    expect(run).toMatchObject({ status: 'FAILED', error: 'MigrationFailedError' });
    expect(run.cause).toContain('SQLSTATE 42P07');
    expect(run.input + logs).not.toMatch(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}/);
  });

  test('are run by hand once the cause is gone, as the owner role, and find nothing left to do the next time', async () => {
    await query('DROP TABLE golive.users');
    const { taskDefinition } = JSON.parse((await execution(asked())).input!) as { taskDefinition: string };
    for (const again of ['by-hand-1', 'by-hand-2']) {
      await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: begun().environment['STATE_MACHINE_ARN']!,
          name: again,
          input: JSON.stringify({ taskDefinition }),
        }),
      );
      await until(async () => (await execution(again)).status !== 'RUNNING');
      expect(await execution(again)).toMatchObject({ status: 'SUCCEEDED' });
    }
    expect(await query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'golive'")).toEqual([
      { tableowner: 'golive_owner' },
    ]);
  }, 180_000);
});
