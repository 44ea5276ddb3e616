import {
  type ApplyReport,
  isInSync,
  type Json,
  planSentry,
  type PlannedChange,
  subjectOf,
} from '../../../core/sentry';
import { apiOf } from '../../support/sentry-api/api';
import { SentryApiDouble } from '../../support/sentry-api/double';
import { rules, sentryOperations } from './operations';

let sentry: SentryApiDouble;
const waits: number[] = [];

beforeEach(async () => {
  sentry = await SentryApiDouble.start();
  waits.length = 0;
});
afterEach(() => sentry.stop());

const api = (change: Parameters<typeof apiOf>[2] = {}) => apiOf(sentry, waits, change);

const plan = async (operations = sentryOperations()) => (await planSentry(api(), operations)).plan;
const apply = async (operations = sentryOperations()) => (await planSentry(api(), operations)).apply();

const short = (change: PlannedChange) =>
  `${change.action} ${subjectOf(change).kind} ${subjectOf(change).name}`;
const outcomes = ({ outcomes: all }: ApplyReport) =>
  all.map(({ change, outcome }) => `${outcome}: ${short(change)}`);

describe('a Sentry that has nothing of ours', () => {
  it('gets the alerts, the monitors of every job, of errors and of addresses, and scrubs', async () => {
    expect((await plan()).changes.map(short)).toEqual([
      'update project scrubbing golive',
      'create cron monitor golive/prod/backup-dump',
      'create cron monitor golive/prod/backup-drill',
      'create cron monitor golive/prod/secrets-rotate-data',
      'create uptime monitor golive/prod/uptime-frontend',
      'create metric monitor golive/prod/error-rate',
      'create alert golive/prod/new-issue',
      'create alert golive/prod/regression',
      'create alert golive/prod/reappeared',
      'create alert golive/prod/fatal',
      'create alert golive/prod/burst',
      'create alert golive/prod/many-people',
      'create alert golive/prod/rising',
      'create alert golive/prod/rotation',
      'create alert golive/prod/credentials-refused',
      'create alert golive/prod/metric',
      'create alert golive/prod/outage',
    ]);
    expect(sentry.changes).toEqual([]);
  });

  it('is as it should be after one run: a second plan is empty, and a second run asks for nothing', async () => {
    const report = await apply();
    expect(report.outcomes.map(({ outcome, error }) => error ?? outcome)).toEqual(
      Array.from({ length: 17 }, () => 'done'),
    );
    const calls = sentry.changes.length;

    const second = await plan();
    expect(second.changes).toEqual([]);
    expect(isInSync(second)).toBe(true);
    expect(second.unchanged).toHaveLength(17);
    expect((await apply()).outcomes).toEqual([]);
    expect(sentry.changes).toHaveLength(calls);
  });

  it('is so with two projects, spans and the organisation’s settings, too', async () => {
    sentry.projects.set('golive-web', { ...sentry.organization, id: '12', slug: 'golive-web' });
    const operations = sentryOperations({
      rules: rules({ projects: ['golive', 'golive-web'], spans: true, scrubbing: { organization: true } }),
    });
    const report = await apply(operations);
    expect(report.outcomes.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(sentry.alerts[0]?.detectorIds).toEqual(['112', '122']);
    expect(sentry.organization.scrubIPAddresses).toBe(true);
    expect(sentry.detectors.map(({ body }) => body.name)).toContain('golive/prod/gateway-p95');
    expect((await plan(operations)).changes).toEqual([]);
  });

  it('is asked for a page at a time, by the cursor alone', async () => {
    await apply();
    sentry.pageSize = 2;
    expect((await plan()).changes).toEqual([]);
    expect(
      sentry.calls.filter((call) => call.endsWith('/workflows/') && call.startsWith('GET')).length,
    ).toBeGreaterThan(5);
  });

  it('is not asked for more than four things at once', async () => {
    sentry.concurrentLimit = 4;
    sentry.latencyMs = 10;
    await apply();
    expect(sentry.mostAtOnce).toBeLessThanOrEqual(4);
    expect(sentry.mostAtOnce).toBeGreaterThan(1);
  });
});

describe('what is somebody else’s', () => {
  it('stays as it is, whatever it is named and however strange', async () => {
    sentry.strangeAlerts.push({ id: '3', name: 'Send a notification', triggers: null, odd: true });
    await apply(sentryOperations({ environment: 'prod' }));
    const others = [
      { ...sentry.alerts[0]!, id: '900', name: 'New issue' },
      { ...sentry.alerts[0]!, id: '901', name: 'golive/staging/new-issue' },
      { ...sentry.alerts[0]!, id: '902', name: 'golive/prod-eu/new-issue' },
    ];
    sentry.alerts.push(...others);
    const detector = {
      ...sentry.detectors[0]!,
      id: '903',
      body: { ...sentry.detectors[0]!.body, name: 'theirs' },
    };
    sentry.detectors.push(detector);
    const monitor = {
      ...sentry.monitors[0]!,
      slug: 'nightly',
      body: { ...sentry.monitors[0]!.body, name: 'nightly' },
    };
    sentry.monitors.push(monitor);
    const before = structuredClone([others, detector, monitor]);

    expect((await plan()).changes).toEqual([]);
    const less = await apply(sentryOperations({ jobs: [], rules: rules({ slack: undefined }) }));
    expect(less.outcomes.every(({ outcome }) => outcome === 'done')).toBe(true);

    expect(sentry.alerts.filter(({ id }) => Number(id) >= 900 && Number(id) < 1000)).toEqual(before[0]);
    expect(sentry.detectors).toContainEqual(before[1]);
    expect(sentry.monitors).toEqual([before[2]]);
  });

  it('is not taken over: a monitor with our slug and another name ends the plan', async () => {
    await apply();
    sentry.monitors[0]!.body = { ...sentry.monitors[0]!.body, name: 'Their dump' };
    await expect(plan()).rejects.toThrow(
      /SentrySlugTaken|the cron monitor "golive-prod-backup-dump" is named "Their dump", so it is not ours/,
    );
  });

  it('of a project’s settings what is not about scrubbing stays, and of lists what others put there', async () => {
    const project = sentry.projects.get('golive')!;
    project.sensitiveFields = ['iban', 'passcode'];
    project.safeFields = ['order_id'];
    await apply();
    expect(project).toMatchObject({ platform: 'node', safeFields: ['order_id'], scrubIPAddresses: true });
    expect(project.sensitiveFields).toEqual(
      expect.arrayContaining(['iban', 'passcode', 'passphrase', 'connection_string']),
    );
    expect(sentry.bodies.find(({ call }) => call.includes('/projects/my-company/'))?.body).not.toHaveProperty(
      'safeFields',
    );
    expect((await plan()).changes).toEqual([]);
  });

  it('the organisation’s settings are not even read unless somebody asked for them', async () => {
    await apply();
    expect(sentry.calls).not.toContain('GET /api/0/organizations/my-company/');
  });
});

describe('drift: what somebody changed by hand', () => {
  beforeEach(() => apply());

  const changesOf = async () =>
    (await plan()).changes.flatMap((change): readonly unknown[] =>
      change.action === 'update' ? change.changes : [short(change)],
    );

  it.each([
    [
      'an alert was switched off',
      () =>
        Object.assign(
          sentry.alerts.find(({ name }) => name.endsWith('/fatal'))!,
          { enabled: false },
        ),
      [{ field: 'enabled', before: false, after: true }],
    ],
    [
      'an alert speaks more seldom',
      () =>
        Object.assign(
          sentry.alerts.find(({ name }) => name.endsWith('/fatal'))!,
          { config: { frequency: 1440 } },
        ),
      [{ field: 'config.frequency', before: 1440, after: 30 }],
    ],
    [
      'an alert is of all environments',
      () =>
        Object.assign(
          sentry.alerts.find(({ name }) => name.endsWith('/fatal'))!,
          { environment: null },
        ),
      [{ field: 'environment', before: null, after: 'prod' }],
    ],
    [
      'a threshold is another one',
      () => {
        const alert = sentry.alerts.find(({ name }) => name.endsWith('/burst'))!;
        alert.actionFilters[0]!.conditions[0] = {
          type: 'event_frequency_count',
          comparison: { value: 5000, interval: '1h' },
          conditionResult: true,
        };
      },
      [{ field: 'actionFilters[0].conditions[0].comparison.value', before: 5000, after: 100 }],
    ],
    [
      'it tells somebody else',
      () => {
        const alert = sentry.alerts.find(({ name }) => name.endsWith('/burst'))!;
        alert.actionFilters[0]!.actions[0]!.config.targetDisplay = 'another service';
      },
      [
        {
          field: 'actionFilters[0].actions[0].config.targetDisplay',
          before: 'another service',
          after: 'golive',
        },
      ],
    ],
    [
      'it tells nobody',
      () => {
        sentry.alerts.find(({ name }) => name.endsWith('/burst'))!.actionFilters[0]!.actions = [];
      },
      [
        {
          field: 'actionFilters[0].actions[0]',
          after: expect.objectContaining({ type: 'pagerduty', data: { priority: 'error' } }) as Json,
        },
      ],
    ],
    [
      'an alert was deleted',
      () =>
        void sentry.alerts.splice(
          sentry.alerts.findIndex(({ name }) => name.endsWith('/regression')),
          1,
        ),
      ['create alert golive/prod/regression'],
    ],
    [
      'a cron monitor was muted and its schedule changed',
      () => {
        const { body } = sentry.monitors[0]!;
        sentry.monitors[0]!.body = {
          ...body,
          is_muted: true,
          config: { ...body.config, schedule: '0 3 * * *' },
        };
      },
      [
        { field: 'is_muted', before: true, after: false },
        { field: 'config.schedule', before: '0 3 * * *', after: '0 2 * * *' },
      ],
    ],
    [
      'an uptime monitor asks for another address',
      () => {
        const { body } = sentry.detectors.find(({ body: { type } }) => type === 'uptime_domain_failure')!;
        if (body.type === 'uptime_domain_failure') body.dataSources[0]!.url = 'https://elsewhere.example/';
      },
      [
        {
          field: 'dataSources[0].url',
          before: 'https://elsewhere.example/',
          after: 'https://golive.example/health/ready',
        },
      ],
    ],
    [
      'a metric monitor lost its owner',
      () => {
        sentry.detectors.find(({ body: { type } }) => type === 'metric_issue')!.body.owner = null;
      },
      [{ field: 'owner', before: null, after: 'team:77' }],
    ],
    [
      'scrubbing was switched off',
      () => void (sentry.projects.get('golive')!.dataScrubber = false),
      [{ field: 'dataScrubber', before: false, after: true }],
    ],
  ])('%s', async (_what, drift, expected) => {
    drift();
    expect(await changesOf()).toEqual(expected);
    await apply();
    expect(await changesOf()).toEqual([]);
  });
});

describe('what is ours and not asked for any more', () => {
  it('is deleted, last of all', async () => {
    await apply();
    const operations = sentryOperations({
      jobs: [],
      rules: rules({ slack: undefined, limits: { issueEventsPerHour: 7 } }),
    });
    expect((await plan(operations)).changes.map(short)).toEqual([
      'update alert golive/prod/burst',
      'delete cron monitor golive/prod/backup-dump',
      'delete cron monitor golive/prod/backup-drill',
      'delete cron monitor golive/prod/secrets-rotate-data',
      'delete alert golive/prod/regression',
      'delete alert golive/prod/reappeared',
      'delete alert golive/prod/rising',
      'delete alert golive/prod/metric',
    ]);
    await apply(operations);
    expect((await plan(operations)).changes).toEqual([]);
  });

  it('of twins the older one stays', async () => {
    await apply();
    const older = sentry.alerts[0]!;
    sentry.alerts.push({ ...older, id: '5000', dateCreated: '2036-01-01T00:00:00Z' });
    expect((await plan()).changes).toEqual([
      expect.objectContaining({ action: 'delete', why: `it is there twice: ${older.id} stays` }),
    ]);
    await apply();
    expect(sentry.alerts.map(({ id }) => id)).not.toContain('5000');
    expect(sentry.alerts.map(({ id }) => id)).toContain(older.id);
  });
});

describe('what cannot be', () => {
  it('is said: nobody to page, nowhere to write, no domain, no spans', async () => {
    const { changes, leftOut } = await plan(
      sentryOperations({ origin: undefined, rules: rules({ pagerDuty: undefined, slack: undefined }) }),
    );
    expect(changes.map(short).filter((line) => line.includes(' alert '))).toEqual([]);
    expect(leftOut).toHaveLength(13);
    expect(leftOut).toContainEqual({
      what: 'the alert golive/prod/fatal (a process ended by an error)',
      why: 'sentryRules.pagerDuty says nobody to tell',
    });
    expect(leftOut).toContainEqual({
      what: 'the uptime monitor golive/prod/uptime-frontend',
      why: 'the environment has no domain',
    });
    expect(leftOut.map(({ what }) => what)).toContain('the metric monitor golive/prod/gateway-p95');
  });

  it('a project without an issue stream ends the plan with what to do', async () => {
    sentry.hasIssueStreams = false;
    await expect(plan()).rejects.toThrow(/the project "golive" has no monitor of type issue_stream/);
  });

  it('an environment that has sent no event yet fails its alerts alone, and says why', async () => {
    sentry.environments.clear();
    const report = await apply();
    const failed = report.outcomes.filter(({ outcome }) => outcome === 'failed');
    expect(failed).toHaveLength(11);
    expect(failed[0]?.error?.message).toMatch(
      /400: environment: Environment does not exist\.\).*an environment must have sent an event before a rule can name it/,
    );
    expect(sentry.monitors).toHaveLength(3);
  });
});

describe('faults on the way', () => {
  it('an answer that got lost after a rule was made makes no second one', async () => {
    sentry.faults.push({ when: /^POST .*\/workflows\/$/, answer: 'lost', afterwards: true, times: 3 });
    sentry.faults.push({ when: /^POST .*\/monitors\/$/, answer: 502, afterwards: true, times: 1 });
    sentry.faults.push({ when: /^POST .*\/detectors\/$/, answer: 504, afterwards: true, times: 1 });
    const report = await apply();
    expect(report.outcomes.map(({ error, outcome }) => error ?? outcome)).toEqual(
      Array.from({ length: 17 }, () => 'done'),
    );
    expect(sentry.alerts).toHaveLength(11);
    expect(sentry.monitors).toHaveLength(3);
    expect((await plan()).changes).toEqual([]);
  });

  it('a POST that was lost before it was done is made again', async () => {
    sentry.faults.push({ when: /^POST .*\/workflows\/$/, answer: 'lost', times: 2 });
    expect((await apply()).outcomes.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(sentry.alerts).toHaveLength(11);
  });

  it('one that fails stops no other, and the next run finishes', async () => {
    sentry.faults.push({ when: /^POST .*\/workflows\/$/, answer: 500, times: 3 * 11 });
    sentry.faults.push({ when: /^PUT .*\/projects\//, answer: 503, times: 5 });
    const report = await apply();
    const by = (wanted: string) => outcomes(report).filter((line) => line.startsWith(wanted));
    expect(by('failed')).toHaveLength(12);
    expect(by('done')).toHaveLength(5);
    expect(report.outcomes[0]).toMatchObject({
      outcome: 'failed',
      error: { code: 'SentryUnavailableError', message: expect.stringMatching(/in 5 attempts/) as string },
    });
    expect(report.outcomes.at(-1)).toMatchObject({
      outcome: 'failed',
      error: { code: 'SentryUncertainError' },
    });

    const second = await apply();
    expect(second.outcomes).toHaveLength(12);
    expect(second.outcomes.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect((await plan()).changes).toEqual([]);
  });

  it('a token that was revoked in between ends the run: the rest is not tried', async () => {
    sentry.faults.push({ when: /^POST .*\/monitors\/$/, answer: 401, times: 99 });
    const report = await apply();
    expect(outcomes(report).filter((line) => line.startsWith('not tried')).length).toBeGreaterThan(5);
    expect(report.outcomes.find(({ outcome }) => outcome === 'failed')?.error?.code).toBe(
      'SentryUnauthorizedError',
    );
  });

  it('a token without a scope is told which', async () => {
    sentry.scopes.delete('project:write');
    const report = await apply();
    expect(report.outcomes[0]).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'SentryForbiddenError',
        message: expect.stringMatching(
          /PUT \/projects\/my-company\/golive\/ .*needs the scope project:write/,
        ) as string,
      },
    });
    expect(outcomes(report).filter((line) => line.startsWith('done'))).toHaveLength(16);
  });

  it('what somebody deletes meanwhile is gone, and so is well', async () => {
    await apply();
    const operations = sentryOperations({ jobs: [] });
    const { apply: run } = await planSentry(api(), operations);
    sentry.monitors.length = 0;
    expect((await run()).outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
  });
});
