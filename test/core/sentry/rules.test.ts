import { alertRules } from '../../../core/sentry/desired/rules';
import { desiredMetricMonitors, desiredUptimeMonitors } from '../../../core/sentry/desired/monitors';
import { isOwn, LONGEST_SLUG, monitorSlug, ownName } from '../../../core/sentry/owned';
import { changesBetween } from '../../../core/sentry/diff';
import { SentryRules } from '../../../core/sentry/settings';
import { rules, sentryOperations } from './operations';

const project = { id: '11', slug: 'golive' };
const { limits } = SentryRules.parse(rules());

describe('the twelve rules', () => {
  test('say who is told of what', () => {
    const table = alertRules(limits).map(({ name, to, triggers, when }) => [
      name,
      to,
      triggers.join(' ') || 'every event',
      when
        .map((all) =>
          all.map(({ type, comparison }) => `${type} ${JSON.stringify(comparison)}`).join(' and '),
        )
        .join(' or '),
    ]);
    expect(table).toEqual([
      ['new-issue', 'error', 'first_seen_event', 'issue_priority_greater_or_equal 75'],
      ['regression', 'slack', 'regression_event', ''],
      ['reappeared', 'slack', 'reappeared_event', ''],
      ['fatal', 'critical', 'every event', 'level {"level":50,"match":"eq"}'],
      ['burst', 'error', 'every event', 'event_frequency_count {"value":100,"interval":"1h"}'],
      [
        'many-people',
        'critical',
        'every event',
        'event_unique_user_frequency_count {"value":49,"interval":"1h"}',
      ],
      [
        'rising',
        'slack',
        'every event',
        'event_frequency_percent {"value":100,"interval":"1h","comparisonInterval":"1w"}',
      ],
      [
        'rotation',
        'error',
        'every event',
        'tagged_event {"key":"component","match":"eq","value":"rotation"}',
      ],
      [
        'credentials-refused',
        'critical',
        'every event',
        'tagged_event {"key":"auth.failure","match":"eq","value":"unknown_kid"} and event_frequency_count {"value":20,"interval":"5m"} or ' +
          'tagged_event {"key":"db.auth","match":"eq","value":"28P01"} and event_frequency_count {"value":20,"interval":"5m"}',
      ],
      [
        'metric',
        'slack',
        'first_seen_event regression_event reappeared_event',
        'issue_category {"value":11}',
      ],
      [
        'outage',
        'critical',
        'first_seen_event regression_event reappeared_event',
        'issue_category {"value":10}',
      ],
    ]);
  });

  test('the tenth: more than 100 errors in an hour are high, more than 50 medium, 50 end it', () => {
    const { resources } = desiredMetricMonitors(sentryOperations(), project);
    expect(resources[0]?.fields['conditionGroup']).toEqual({
      logicType: 'any',
      conditions: [
        { type: 'gt', comparison: 100, conditionResult: 75 },
        { type: 'lte', comparison: 50, conditionResult: 0 },
        { type: 'gt', comparison: 50, conditionResult: 50 },
      ],
    });
  });

  test('the eleventh watches spans, and so only where spans reach Sentry', () => {
    const with11 = desiredMetricMonitors(sentryOperations({ rules: rules({ spans: true }) }), project);
    expect(with11.resources[1]?.fields).toMatchObject({
      config: { detectionType: 'dynamic' },
      dataSources: [{ aggregate: 'p95(span.duration)', environment: 'prod' }],
    });
    const { resources, leftOut } = desiredMetricMonitors(sentryOperations(), project);
    expect(resources).toHaveLength(1);
    expect(leftOut).toEqual([
      {
        what: 'the metric monitor golive/prod/gateway-p95',
        why: 'sentryRules.spans is false: OpenTelemetry owns tracing, and no span reaches Sentry',
      },
    ]);
  });

  test('the twelfth asks the address from outside', () => {
    const { resources } = desiredUptimeMonitors(sentryOperations(), project);
    expect(resources[0]?.fields['dataSources']).toMatchObject([
      { url: 'https://golive.example/health/ready', intervalSeconds: 60, timeoutMs: 10_000 },
    ]);
  });

  test('each is of its environment, and names are its own', () => {
    expect(ownName('prod', 'new-issue')).toBe('golive/prod/new-issue');
    expect(isOwn('prod', 'golive/prod/new-issue')).toBe(true);
    for (const name of ['golive/prod-eu/x', 'golive/produ', 'golive', 'Golive/prod/x', 'new golive/prod/x'])
      expect(isOwn('prod', name)).toBe(false);
    expect(monitorSlug('x'.repeat(16), 'recovery-snapshot-copies').length).toBeLessThanOrEqual(LONGEST_SLUG);
  });
});

describe('what has changed', () => {
  test.each([
    ['nothing', { a: 1, b: [1, 2], c: { d: null } }, { c: { d: null }, b: [1, 2], a: 1 }, []],
    ['a field that is not ours to say', { a: 1, theirs: 2 }, { a: 1 }, []],
    ['a number', { a: { b: 1 } }, { a: { b: 2 } }, [{ field: 'a.b', before: 1, after: 2 }]],
    ['a list of words', { a: ['x'] }, { a: ['x', 'y'] }, [{ field: 'a', before: ['x'], after: ['x', 'y'] }]],
    [
      'one thing of a list',
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ b: 1 }, { b: 3 }] },
      [{ field: 'a[1].b', before: 2, after: 3 }],
    ],
    ['one thing more', { a: [] }, { a: [{ b: 1 }] }, [{ field: 'a[0]', after: { b: 1 } }]],
    ['one thing less', { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }] }, [{ field: 'a[1]', before: { b: 2 } }]],
    ['what was not there', {}, { a: 1 }, [{ field: 'a', after: 1 }]],
    ['another kind of value', { a: { b: 1 } }, { a: 2 }, [{ field: 'a', before: { b: 1 }, after: 2 }]],
    ['null', { a: null }, { a: 'x' }, [{ field: 'a', before: null, after: 'x' }]],
  ])('%s', (_what, actual, desired, changes) => {
    expect(changesBetween(actual as never, desired as never)).toEqual(changes);
  });
});

describe('settings', () => {
  test('need little: an organisation and a project', () => {
    expect(SentryRules.parse({ organization: 'my-company', projects: ['golive'] })).toMatchObject({
      url: 'https://sentry.io',
      spans: false,
      limits: { issueEventsPerHour: 100, errorsPerHour: { high: 100, medium: 50 } },
      scrubbing: { ipAddresses: true, organization: false },
    });
  });

  test.each([
    ['plain HTTP to another machine', { url: 'http://sentry.example' }],
    ['a path', { url: 'https://sentry.io/api/0' }],
    ['credentials', { url: 'https://user:pass@sentry.io' }],
    ['a name that is no slug', { organization: 'My Company' }],
    ['a slug that would be another path', { projects: ['../organizations'] }],
    ['no project', { projects: [] }],
    [
      'a channel without its sign',
      { slack: { integrationId: '1', channel: 'errors', channelId: 'C024BE91L' } },
    ],
    ['an interval that Sentry does not take', { uptime: { intervalSeconds: 90 } }],
    ['a field of no name', { sentry: true }],
  ])('refuse %s', (_what, change) => {
    expect(SentryRules.safeParse(rules(change)).success).toBe(false);
  });

  test('take a Sentry of one’s own, and this machine’s', () => {
    for (const url of [
      'https://de.sentry.io',
      'https://sentry.my-company.example:8443',
      'http://127.0.0.1:9000',
    ])
      expect(SentryRules.parse(rules({ url })).url).toBe(url);
  });
});
