import { backupIdAt } from '../../../core/backup/vault-layout';
import {
  DEADLINE_REACHED,
  expectFailure,
  expectGoodDumps,
  expectNothingElse,
  expectSurvival,
  idsOf,
  type FaultRow,
  type SurvivedRow,
} from './fault-matrix-expectations';
import { FaultMatrix } from './fault-matrix-support';

let matrix: FaultMatrix;

beforeAll(async () => {
  matrix = await FaultMatrix.start();
});

afterAll(() => matrix?.stop());

const killedAt = (share: number, through: FaultRow['through']): FaultRow => ({
  name: `pg_dump is killed at ${share * 100} % of the archive`,
  through,
  spoil: () => ({ midway: { at: share, strike: ({ pid }) => process.kill(pid, 'SIGKILL') } }),
  code: 'PgDumpKilledError',
  message:
    'pg_dump was ended by SIGKILL; it wrote nothing to stderr; most likely it had no memory left: give the function more, and run the dump again',
});

/** Which of its sockets' errors libpq names first is a matter of time. */
const CONNECTION_LOST = {
  code: 'PgDumpConnectionLostError',
  message:
    /^pg_dump exited with 1; its last words: .*(SSL SYSCALL error: EOF detected|SSL connection has been closed unexpectedly|server closed the connection|Connection reset by peer|terminating connection).*; the database restarted, failed over, or a person ended the session: look at its RDS events, and run the dump again$/,
};

const ROWS: readonly FaultRow[] = [
  killedAt(0.1, 'core'),
  killedAt(0.5, 'handler'),
  killedAt(0.9, 'core'),
  {
    name: 'the database is stopped at once',
    through: 'handler',
    spoil: ({ server }) => ({ midway: { at: 0.5, strike: () => server.stopAtOnce() } }),
    mend: ({ server }) => server.startAgain(),
    ...CONNECTION_LOST,
  },
  {
    name: 'the database fails over to another server at the same address',
    through: 'core',
    spoil: ({ server }) => ({ midway: { at: 0.5, strike: () => server.failOver() } }),
    ...CONNECTION_LOST,
  },
  {
    name: 'the connection to the database is cut',
    through: 'core',
    spoil: ({ network }) => ({ throughNetwork: true, midway: { at: 0.5, strike: () => network.cut() } }),
    ...CONNECTION_LOST,
  },
  {
    name: 'the network to the database falls silent until the time runs out',
    through: 'core',
    spoil: ({ network }) => ({
      throughNetwork: true,
      timeMs: 3_000,
      midway: { at: 0.5, strike: () => network.fallSilent() },
    }),
    ...DEADLINE_REACHED,
  },
  {
    name: 'the password is rotated before pg_dump has connected',
    through: 'handler',
    spoil: (matrix) => ({ midway: { at: 0, strike: () => matrix.rotatePassword() } }),
    code: 'PgDumpAuthenticationError',
    message:
      'pg_dump exited with 1; its last words: pg_dump: error: connection to server at "localhost" (127.0.0.1), port PORT failed: FATAL:  password authentication failed for user "golive_admin" | password retrieved from file "FOLDER"; see that the secret holds the role\'s current password; it may have been rotated this moment',
  },
];

const SURVIVED: readonly SurvivedRow[] = [
  {
    name: 'the password is rotated while pg_dump streams: its sessions stay, and no other is needed',
    through: 'handler',
    spoil: (matrix) => ({ midway: { at: 0.5, strike: () => matrix.rotatePassword() } }),
  },
  {
    name: 'the connection that held the snapshot is lost while pg_dump streams: what is dumped stays the same',
    through: 'core',
    spoil: (matrix) => ({ midway: { at: 0.5, strike: () => matrix.endSnapshotHolder() } }),
  },
];

describe('no half backup, nothing left, and the next run succeeds, when', () => {
  test.each(ROWS)('$name', (row) => expectFailure(matrix, row));
});

test('a dump whose password was rotated, and whose first session was lost, is a backup that cannot be proven', async () => {
  const before = idsOf(await expectGoodDumps(matrix));
  const at = matrix.nextInstant();
  const result = await matrix.run('core', at, {
    midway: {
      at: 0.5,
      strike: async () => {
        await matrix.rotatePassword();
        await matrix.endSnapshotHolder();
      },
    },
  });
  await expectNothingElse(matrix, [...before, backupIdAt(at)]);
  // A backup of which no restore can be proven says so, and why.
  expect(result).toMatchObject({
    outcome: 'created',
    manifest: {
      fingerprint: {
        notTaken: expect.stringMatching(
          /^the sequences could not be read again after the dump: .*password authentication failed/,
        ) as string,
      },
    },
  });
});

describe('the dump goes on, and is a good one, when', () => {
  test.each(SURVIVED)('$name', (row) => expectSurvival(matrix, row));
});
