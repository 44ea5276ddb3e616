import { startLoadedService, type LoadedService } from '../../../bench/support/loaded-service';
import { KINDS, startRotationLab, type RotationLab } from '../../../bench/support/rotation-lab';
import { runLoad, type LoadReport } from '../../../bench/support/rotation-load';
import { problemsOf } from '../../../bench/support/rotation-verdict';

/** Published for longer than anybody may hold an older ring, as in production. */
const POLICY = { publishSeconds: 2, cacheSeconds: 2, maxTokenSeconds: 3, backupSeconds: 60 };
const WANTED = { queries: 2_000, rotations: 3, replacements: 2 };

let lab: RotationLab;
let services: LoadedService[];
let report: LoadReport;

beforeAll(async () => {
  lab = await startRotationLab(POLICY);
  services = [startLoadedService(lab, 1), startLoadedService(lab, 1)];
  report = await runLoad({ lab, services, ...WANTED, intervalSeconds: 2.2, seconds: 60 });
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await lab.stop();
});

test('while every kind of secret rotates at full load, nobody notices', () => {
  expect(problemsOf(report, WANTED)).toEqual([]);
});

test('new connections were made with every new version', () => {
  // Three of the alternating users and three of the single one, in each of the two tasks.
  for (const { takeovers } of services) expect(takeovers.all).toBeGreaterThanOrEqual(4);
});

test('tokens were looked at again until their end, and each value after all rotations', () => {
  expect(report.verified.done).toBe(3 * report.signed.done);
  expect(report.decrypted.done).toBe(2 * report.encrypted.done);
});

describe('the verdict is not passed by', () => {
  const failing = (): LoadReport => ({ ...report });
  const failed = { done: 10, failed: 1, reasons: new Set(['Error: no']) };

  test.each<[string, (report: LoadReport) => LoadReport]>([
    ['1 queries failed: Error: no', (good) => ({ ...good, queries: { ...failed, latenciesMs: [] } })],
    ['1 tokens were rejected: Error: no', (good) => ({ ...good, verified: failed })],
    ['1 values could not be decrypted: Error: no', (good) => ({ ...good, decrypted: failed })],
    ['5 rows were written and 6 are there', (good) => ({ ...good, rows: { written: 5, found: 6 } })],
    [
      'jwt was replaced 0 times, not 2',
      (good) => ({ ...good, rotated: { ...good.rotated, jwt: { ...good.rotated.jwt, replaced: 0 } } }),
    ],
  ])('%s', (problem, spoil) => {
    expect(problemsOf(spoil(failing()), WANTED)).toContain(problem);
  });

  test('too few queries or rotations', () => {
    const problems = problemsOf(report, { queries: 1e9, rotations: 99, replacements: 0 });
    expect(problems).toHaveLength(1 + KINDS.length);
  });
});
