/** What EventBridge sends to the target of a scheduled rule. */
export const scheduledEvent = (time = '2026-05-01T03:00:00Z') => ({
  id: 'e1',
  time,
  source: 'aws.events',
  'detail-type': 'Scheduled Event',
  resources: [],
});

/**
 * Gives every test of a file the environment that a platform function has, and keeps what it prints.
 *
 * @param service `backup-dump`
 * @param own the variables of the function's own contract
 */
export function watchHandler(service: string, own: Readonly<Record<string, string>>) {
  const before = { ...process.env };
  let lines: string[] = [];

  beforeEach(() => {
    process.env = {
      ...before,
      AWS_REGION: 'eu-west-1',
      GOLIVE_ENVIRONMENT: 'prod',
      POWERTOOLS_SERVICE_NAME: service,
      POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
      POWERTOOLS_LOG_LEVEL: 'INFO',
      // Lets the Powertools write to the console that we watch, metrics included.
      POWERTOOLS_DEV: 'true',
      POWERTOOLS_METRICS_DISABLED: 'false',
      ...own,
    };
    lines = [];
    for (const level of ['info', 'warn', 'error', 'log'] as const) {
      jest
        .spyOn(console, level)
        .mockImplementation((...line: unknown[]) => void lines.push(line.map(String).join(' ')));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    process.env = before;
  });

  return {
    /** All that was printed, as one text. */
    printed: () => lines.join('\n'),
    /** The metrics that were printed, the last of each name. */
    metrics: () =>
      Object.assign(
        {},
        ...lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => '_aws' in line),
      ) as Record<string, unknown>,
  };
}
