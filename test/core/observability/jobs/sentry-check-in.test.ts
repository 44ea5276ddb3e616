import { checkInRequest } from '../../../../core/observability/jobs/sentry-check-in';

const CHECK_IN = {
  id: '83a7c03e-d0a0-4e1b-97e2-e3b18d38f244',
  monitorSlug: 'golive-prod-backup-dump',
  status: 'ok',
  environment: 'prod',
} as const;

const lines = (body: string) =>
  body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('a check-in is an envelope of three lines, as Sentry documents it', () => {
  const ended = { ...CHECK_IN, durationSeconds: 1.5 };
  const { body } = checkInRequest('https://k3y@o1.ingest.de.sentry.io/42', ended, new Date(0));
  expect(lines(body)).toEqual([
    { sent_at: '1970-01-01T00:00:00.000Z' },
    { type: 'check_in' },
    {
      check_in_id: '83a7c03ed0a04e1b97e2e3b18d38f244',
      monitor_slug: 'golive-prod-backup-dump',
      status: 'ok',
      duration: 1.5,
      environment: 'prod',
    },
  ]);
});

test('a run that has begun has no duration yet', () => {
  const { body } = checkInRequest('https://k3y@o1.ingest.de.sentry.io/42', {
    ...CHECK_IN,
    status: 'in_progress',
  });
  expect(lines(body)[2]).not.toHaveProperty('duration');
});

test.each([
  ['https://k3y@o1.ingest.de.sentry.io/42', 'https://o1.ingest.de.sentry.io/api/42/envelope/'],
  ['http://k3y@127.0.0.1:9000/7', 'http://127.0.0.1:9000/api/7/envelope/'],
  ['https://k3y@sentry.example/of/ours/7', 'https://sentry.example/of/ours/api/7/envelope/'],
])('%s is asked at %s, with the key in a header alone', (dsn, url) => {
  const request = checkInRequest(dsn, CHECK_IN);
  expect(request.url.href).toBe(url);
  expect(request.headers).toEqual({
    'content-type': 'application/x-sentry-envelope',
    'x-sentry-auth': 'Sentry sentry_version=7, sentry_client=golive/1, sentry_key=k3y',
  });
  expect(request.body).not.toContain('k3y');
});
