import { backupIdAt } from '../../../core/backup/vault-layout';
import { isAlive, until } from '../../support/processes';
import {
  DEADLINE_REACHED,
  expectFailure,
  expectGoodDumps,
  expectNextRun,
  expectNothingElse,
  expectSurvival,
  idsOf,
  type FaultRow,
} from './fault-matrix-expectations';
import { FaultMatrix } from './fault-matrix-support';

let matrix: FaultMatrix;

beforeAll(async () => {
  matrix = await FaultMatrix.start();
});

afterAll(() => matrix?.stop());

const ROWS: readonly FaultRow[] = [
  {
    name: 'the disk takes not one byte of the password file',
    through: 'handler',
    // A limit that the kernel keeps, as a full disk is one; Node ignores the signal that comes with it.
    spoil: () => ({
      preload: `require('node:child_process').execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=0'])`,
    }),
    code: 'TemporaryFolderError',
    message:
      'the password file for PostgreSQL’s programs could not be written in FOLDER: EFBIG: file too large, write; free space there, give the function more ephemeral storage, or let TMPDIR name a folder that may be written to',
  },
  {
    name: 'the disk has no room for the pipe',
    through: 'handler',
    spoil: () => ({
      programs: {
        mkfifo: `for path; do :; done; echo "mkfifo: cannot create fifo '$path': No space left on device" >&2; exit 1`,
      },
    }),
    code: 'TemporaryFolderError',
    message:
      "the pipe for a program’s output could not be made in FOLDER: mkfifo: cannot create fifo 'FOLDER': No space left on device; free space there, give the function more ephemeral storage, or let TMPDIR name a folder that may be written to",
  },
  {
    name: 'the temporary folder is not there',
    through: 'handler',
    spoil: () => ({ environment: { TMPDIR: '/nonexistent/tmp' } }),
    code: 'TemporaryFolderError',
    message:
      "what killed runs have left could not be looked for in /nonexistent/tmp: ENOENT: no such file or directory, scandir '/nonexistent/tmp'; free space there, give the function more ephemeral storage, or let TMPDIR name a folder that may be written to",
  },
  {
    name: 'the time runs out while pg_dump works',
    through: 'handler',
    // Enough for a busy machine to come half-way.
    spoil: () => ({ timeMs: 8_000, midway: { at: 0.5, strike: ({ pid }) => until(() => !isAlive(pid)) } }),
    ...DEADLINE_REACHED,
  },
  {
    name: 'the time is over before it begins',
    through: 'handler',
    spoil: () => ({ timeMs: 0 }),
    ...DEADLINE_REACHED,
  },
];

describe('no half backup, nothing left, and the next run succeeds, when', () => {
  test.each(ROWS)('$name', (row) => expectFailure(matrix, row));
});

describe.each([
  ['an hour fast', 3_600_000],
  ['an hour slow', -3_600_000],
])("the machine's clock is %s", (_, clockOffMs) => {
  test('the dump goes on, and what is newest is told by the clock of S3', async () => {
    const before = idsOf(await expectGoodDumps(matrix));
    const refused = matrix.faultyS3.refusedForTheirClock;
    const wrong = await expectSurvival(matrix, {
      name: 'another clock',
      through: 'handler',
      spoil: () => ({ clockOffMs }),
    });
    // S3 itself had refused it; the client set its clock by the answer.
    expect(matrix.faultyS3.refusedForTheirClock).toBeGreaterThan(refused);

    const { startedAt, completedAt } = wrong.manifest;
    expect(Math.abs(Date.parse(completedAt) - wrong.storedAt.getTime() - clockOffMs)).toBeLessThan(120_000);
    expect(Date.parse(completedAt)).toBeGreaterThan(Date.parse(startedAt));

    const at = matrix.nextInstant();
    await expectNextRun(matrix, at, [...before, wrong.backupId]);
    const [newest] = await expectGoodDumps(matrix);
    expect(newest!.backupId).toBe(backupIdAt(at));
  });
});

describe('two dumps at once', () => {
  const both = async (first: Date, second: Date) =>
    (await Promise.all([matrix.run('core', first), matrix.run('core', second)])).map((result) =>
      'outcome' in result ? result.outcome : result,
    );

  test('for the same instant are one backup', async () => {
    const before = idsOf(await expectGoodDumps(matrix));
    const at = matrix.nextInstant();
    expect((await both(at, at)).sort()).toEqual(['already-exists', 'created']);
    await expectNothingElse(matrix, [...before, backupIdAt(at)]);
    expect(await matrix.run('handler', at)).toMatchObject({ outcome: 'already-exists' });
  });

  test('for different instants are two', async () => {
    const before = idsOf(await expectGoodDumps(matrix));
    const [one, two] = [matrix.nextInstant(), matrix.nextInstant()];
    expect(await both(one, two)).toEqual(['created', 'created']);
    await expectNothingElse(matrix, [...before, backupIdAt(one), backupIdAt(two)]);
  });
});
