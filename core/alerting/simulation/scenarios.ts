/** What may happen to a platform, and what it is called in docs/alarms.md. */
export const SCENARIOS = {
  night:
    'Nothing happens. At night there are three requests a minute, and now and then one of them fails or is slow.',
  deployment:
    'A deployment that works: eight minutes in which processors are busy, a task is not yet healthy and a minute has errors.',
  'bad-deployment':
    'A deployment that answers a third of the requests with errors for six minutes, until ECS takes it back.',
  'stuck-deployment':
    'A deployment that takes the service away and neither works nor is taken back for an hour.',
  spike: 'One minute in which everything is as bad as in an outage.',
  flapping: 'For six hours every fourth minute is as bad as in an outage.',
  'slow-leak':
    'Over two days storage, memory, connections and time run out, and everything becomes slower, until somebody mends it.',
  edge: 'For two hours the load balancer turns people away, and nothing else is wrong.',
  outage: 'For two hours nothing works: services, database, cache and jobs.',
  'missing-data': 'For thirty hours nothing is told to CloudWatch, and no job runs.',
} as const;

export type Scenario = keyof typeof SCENARIOS;

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as Scenario[];

const HOUR = 60;
const DAY = 24 * HOUR;

/** Three days and a half, minutes. The first minute is midnight. */
export const SIMULATED_MINUTES = 3.5 * DAY;

/** Noon of the second day. */
export const TROUBLE_BEGINS = DAY + 12 * HOUR;

const LEAK = { from: 12 * HOUR, to: 12 * HOUR + 2 * DAY };
const OUTAGE_MINUTES = 2 * HOUR;
const FLAPPING_MINUTES = 6 * HOUR;
const FLAPPING_EVERY = 4;
const MISSING = { from: DAY, to: DAY + 30 * HOUR };

/** How long a deployment of each kind is under way, minutes. */
export const DEPLOYMENT_MINUTES = { deployment: 8, 'bad-deployment': 12, 'stuck-deployment': HOUR } as const;

/** How bad it is in a minute: 0 is as ever, 1 is as bad as it gets; and how much of that a metric feels that cannot jump. */
export function trouble(scenario: Scenario, minute: number): number {
  const into = minute - TROUBLE_BEGINS;
  switch (scenario) {
    case 'edge':
    case 'outage':
      return into >= 0 && into < OUTAGE_MINUTES ? 1 : 0;
    case 'slow-leak':
      return minute < LEAK.from || minute >= LEAK.to ? 0 : (minute - LEAK.from) / (LEAK.to - LEAK.from);
    case 'flapping':
      return into >= 0 && into < FLAPPING_MINUTES && into % FLAPPING_EVERY === 0 ? 1 : 0;
    case 'spike':
      return into === 0 ? 1 : 0;
    default:
      return 0;
  }
}

/** Whether somebody tells CloudWatch anything in this minute. */
export function isTold(scenario: Scenario, minute: number): boolean {
  return !(scenario === 'missing-data' && minute >= MISSING.from && minute < MISSING.to);
}

/** How many minutes a deployment has been under way. @returns undefined where none is */
export function minutesIntoDeployment(scenario: Scenario, minute: number): number | undefined {
  if (!(scenario in DEPLOYMENT_MINUTES)) return undefined;
  const into = minute - TROUBLE_BEGINS;
  const length = DEPLOYMENT_MINUTES[scenario as keyof typeof DEPLOYMENT_MINUTES];
  return into >= 0 && into < length ? into : undefined;
}

/** From ten at night until six in the morning. */
export function isNight(minute: number): boolean {
  const hour = Math.floor((minute % DAY) / HOUR);
  return hour >= 22 || hour < 6;
}

/** Whether a job that runs every so many hours runs in this minute: at noon, and from there on. */
export function runsIn(minute: number, everyHours: number): boolean {
  return (minute - TROUBLE_BEGINS) % (everyHours * HOUR) === 0;
}
