import { ListServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import { servicesDeployed } from '../../../core/services';
import { ALARM, definition, digest, FakeService, NOW } from './fake-service';

async function look(change: Partial<FakeService> = {}) {
  const fake = Object.assign(new FakeService(), change);
  const report = await servicesDeployed(fake.client, fake.operations, () => NOW);
  const [service] = report.services as [(typeof report.services)[0]];
  return { report, service, findings: service.findings.map(({ status, code }) => `${status} ${code}`) };
}

const detailOf = async (change: Partial<FakeService>) => (await look(change)).service.findings[0]?.detail;

describe('a deployment that did not arrive is told:', () => {
  const rolledBack: Partial<FakeService> = {
    revision: 11,
    tasks: [{ revision: 11 }, { revision: 11 }],
    deployments: [
      {
        revision: 12,
        status: 'ROLLBACK_SUCCESSFUL',
        hoursAgo: 1,
        reason: 'Service deployment rolled back because of alarm(s).',
        triggeredAlarms: [ALARM],
      },
      { revision: 11, status: 'SUCCESSFUL', hoursAgo: 30 },
    ],
  };

  test('the stack deployed it and ECS took it back', async () => {
    const { findings, report, service } = await look(rolledBack);

    expect(findings).toEqual(['critical other-version']);
    expect(service.findings[0]!.detail).toBe(
      'ECS runs gateway:11, and the stack deployed gateway:12, which ECS took back ' +
        `(begun 2026-11-28T11:00:00.000Z: alarm ${ALARM}; Service deployment rolled back because of alarm(s).)`,
    );
    expect(report.status).toBe('critical');
    expect(service).toMatchObject({
      deployedTaskDefinition: definition(12),
      actualTaskDefinition: definition(11),
      lastDeployment: { status: 'ROLLBACK_SUCCESSFUL', taskDefinition: definition(12) },
    });
  });

  test('somebody deployed something else by hand', async () => {
    expect(
      await detailOf({
        revision: 13,
        tasks: [{ revision: 13 }, { revision: 13 }],
        deployments: [{ revision: 13, status: 'SUCCESSFUL', hoursAgo: 1 }],
      }),
    ).toBe('ECS runs gateway:13, and the stack deployed gateway:12');
  });

  test('a newer version was tried, ECS and the stack both went back, and nobody would know', async () => {
    // CloudFormation rolls back, too: the last deployment is then one that ended well.
    const change: Partial<FakeService> = {
      deployments: [
        { revision: 12, status: 'SUCCESSFUL', hoursAgo: 1 },
        { revision: 13, status: 'ROLLBACK_SUCCESSFUL', hoursAgo: 2, isBrokenByCircuit: true },
        { revision: 12, status: 'SUCCESSFUL', hoursAgo: 30 },
      ],
    };
    expect((await look(change)).findings).toEqual(['warning rolled-back']);
    expect(await detailOf(change)).toBe(
      'gateway:13 was taken back (begun 2026-11-28T10:00:00.000Z: the circuit breaker)',
    );
  });

  test('the version that runs was to be deployed again, as after a rotation, and its new tasks did not start', async () => {
    const { findings } = await look({
      deployments: [
        { revision: 12, status: 'ROLLBACK_SUCCESSFUL', hoursAgo: 1 },
        { revision: 12, status: 'SUCCESSFUL', hoursAgo: 30 },
      ],
    });
    expect(findings).toEqual(['warning rolled-back']);
  });

  test('going back failed, too', async () => {
    const { findings } = await look({
      running: 0,
      tasks: [],
      deployments: [{ revision: 12, status: 'ROLLBACK_FAILED', hoursAgo: 1 }],
    });
    expect(findings).toEqual(['critical rollback-failed', 'critical too-few-tasks']);
  });

  test('somebody stopped it', async () => {
    const { findings } = await look({ deployments: [{ revision: 12, status: 'STOPPED', hoursAgo: 1 }] });
    expect(findings).toEqual(['warning stopped']);
  });

  test.each([
    'PENDING',
    'IN_PROGRESS',
    'STOP_REQUESTED',
    'ROLLBACK_REQUESTED',
    'ROLLBACK_IN_PROGRESS',
  ] as const)('it goes on: %s', async (status) => {
    const { findings, service } = await look({
      deployments: [{ revision: 12, status, hoursAgo: 0 }],
      tasks: [{ revision: 11 }, { revision: 12 }],
    });
    expect(findings).toEqual(['warning in-progress']);
    expect(service.findings[0]!.detail).toContain(`gateway:12 goes on (${status})`);
  });

  test('the service is not there', async () => {
    const { findings, service } = await look({ isThere: false });
    expect(findings).toEqual(['critical missing']);
    expect(service.tasks).toBeUndefined();
  });
});

describe('what runs is looked at, task by task:', () => {
  test('tasks of the version before that nothing replaces', async () => {
    expect(await detailOf({ tasks: [{ revision: 12 }, { revision: 11 }] })).toBe(
      'tasks with gateway:11 instead of gateway:12: 1 of 2',
    );
  });

  test('another image than the task definition names', async () => {
    expect(await detailOf({ tasks: [{ revision: 12 }, { revision: 12, image: 'repository:0ther' }] })).toBe(
      'gateway runs repository:0ther and not repository:c0ffee',
    );
  });

  test('another digest than was deployed: the tag was moved, and a task began after it', async () => {
    const { findings, service } = await look({ tasks: [{ revision: 12 }, { revision: 12, letter: 'b' }] });
    expect(findings).toEqual(['critical other-image']);
    expect(service.findings[0]!.detail).toBe(
      `gateway runs ${digest('b')} and not ${digest('a')}, which was deployed`,
    );
  });

  test('two digests of one version, when ECS does not say which one it deployed', async () => {
    expect(
      await detailOf({ deployments: [], tasks: [{ revision: 12 }, { revision: 12, letter: 'b' }] }),
    ).toBe('the tasks of one version run 2 images as gateway');
  });

  test('too few of them, and none at all', async () => {
    expect((await look({ running: 1, pending: 1 })).findings).toEqual(['warning too-few-tasks']);
    expect(await detailOf({ running: 1, pending: 1 })).toBe('running tasks: 1 of 2, 1 starting');
    expect((await look({ running: 0, tasks: [] })).findings).toEqual(['critical too-few-tasks']);
  });

  test('none wanted', async () => {
    expect((await look({ desired: 0, running: 0, tasks: [] })).findings).toEqual(['warning no-tasks-wanted']);
  });

  test('unhealthy ones', async () => {
    expect(await detailOf({ tasks: [{ revision: 12 }, { revision: 12, health: 'UNHEALTHY' }] })).toBe(
      'unhealthy tasks, by their own health check: 1 of 2',
    );
  });

  test('one that has not pulled its image yet, or has ended, is not held against them', async () => {
    const { findings, service } = await look({
      tasks: [
        { revision: 12, letter: undefined },
        { revision: 11, status: 'DEPROVISIONING' },
      ],
    });
    expect(findings).toEqual([]);
    expect(service.images).toContainEqual({ container: 'gateway', image: 'repository:c0ffee' });
  });
});

describe('all is well when what was deployed is what runs:', () => {
  test('every task, every image, and the last deployment', async () => {
    const { report, service } = await look();

    expect(report).toMatchObject({ environment: 'prod', status: 'ok', observedAt: NOW.toISOString() });
    expect(service).toEqual({
      name: 'gateway',
      status: 'ok',
      serviceArn: expect.stringContaining('service/prod/gateway') as string,
      version: 'c0ffee',
      deployedTaskDefinition: definition(12),
      actualTaskDefinition: definition(12),
      tasks: { desired: 2, running: 2, pending: 0 },
      images: [
        { container: 'gateway', image: 'repository:c0ffee', digest: digest('a') },
        { container: 'ecs-service-connect-proxy', image: 'of-aws', digest: digest('f') },
      ],
      lastDeployment: {
        status: 'SUCCESSFUL',
        createdAt: '2026-11-28T09:00:00.000Z',
        taskDefinition: definition(12),
      },
      findings: [],
    });
  });

  test('also after an earlier version was taken back and a later one arrived', async () => {
    const { findings } = await look({
      deployments: [
        { revision: 12, status: 'SUCCESSFUL', hoursAgo: 1 },
        { revision: 11, status: 'ROLLBACK_SUCCESSFUL', hoursAgo: 2 },
        { revision: 10, status: 'SUCCESSFUL', hoursAgo: 30 },
      ],
    });
    expect(findings).toEqual([]);
  });

  test('also when nothing was deployed for a month', async () => {
    const { findings, service } = await look({ deployments: [] });
    expect(findings).toEqual([]);
    expect(service.lastDeployment).toBeUndefined();
  });
});

describe('what cannot be read', () => {
  test('is a warning that names the policy, and hides no other service', async () => {
    const { client, mock, deployed, operations } = new FakeService();
    mock
      .on(ListServiceDeploymentsCommand, { service: deployed.serviceArn })
      .rejects(Object.assign(new Error('not yours'), { name: 'AccessDeniedException' }));
    const frontend = { ...deployed, name: 'frontend', serviceArn: `${deployed.serviceArn}-frontend` };
    const report = await servicesDeployed(
      client,
      { ...operations, services: [deployed, frontend] },
      () => NOW,
    );

    expect(report.status).toBe('warning');
    expect(report.services.map(({ name, status }) => [name, status])).toEqual([
      ['gateway', 'warning'],
      ['frontend', 'ok'],
    ]);
    expect(report.services[0]!.findings).toEqual([
      {
        code: 'unknown',
        status: 'warning',
        detail: expect.stringMatching(
          /what runs as gateway is not known: AccessDeniedException: not yours; use credentials with the policy golive-<environment>-services-operator/,
        ) as string,
      },
    ]);
  });

  test('of tasks that run and that ECS does not list is not taken to be right', async () => {
    const { findings, service } = await look({ tasks: [] });
    expect(findings).toEqual(['warning unknown']);
    expect(service.findings[0]!.detail).toMatch(/^ECS counts 2 running tasks and lists none/);
  });

  test('is not a service that is not there', async () => {
    const { findings, service } = await look({
      isThere: false,
      failures: [{ arn: 'arn:…:gateway', reason: 'UNAVAILABLE' }],
    });
    expect(findings).toEqual(['warning unknown']);
    expect(service.findings[0]!.detail).toContain('UNAVAILABLE');
  });

  test('of any other kind is not swallowed', async () => {
    const fake = new FakeService();
    await expect(
      servicesDeployed(fake.client, { ...fake.operations, services: [undefined as never] }, () => NOW),
    ).rejects.toThrow(TypeError);
  });
});

test('a long history is read to its end, and the newest counts, in whatever order it comes', async () => {
  const { service } = await look({
    deployments: Array.from({ length: 31 }, (_, index) => ({
      revision: 12,
      status: 'SUCCESSFUL' as const,
      hoursAgo: index + 1,
    })),
  });
  expect(service.lastDeployment!.createdAt).toBe('2026-11-28T11:00:00.000Z');
});
