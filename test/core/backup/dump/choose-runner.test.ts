import { chooseRunner, type RunnerQuestion } from '../../../../core/backup/dump/choose-runner';
import type { Manifest } from '../../../../core/backup/manifest';

const GB = 1e9;

function dumped(seconds: number, sizeBytes: number, format: Manifest['archive']['format'] = 'custom') {
  return {
    archive: { format },
    source: { sizeBytes },
    startedAt: '2026-11-23T02:00:00.000Z',
    completedAt: new Date(Date.parse('2026-11-23T02:00:00Z') + seconds * 1000).toISOString(),
  } as NonNullable<RunnerQuestion['last']>;
}

const choose = (question: Partial<RunnerQuestion>) =>
  chooseRunner({ configured: 'auto', last: undefined, ...question });

describe('the configuration decides', () => {
  test.each(['function', 'task'] as const)('when it names the %s, whatever the dumps took', (configured) => {
    expect(choose({ configured, last: dumped(800, 100 * GB), ranOutOfTime: true })).toEqual({
      runner: configured,
      reason: `the configuration names the ${configured}`,
    });
  });
});

describe('the function takes the next dump', () => {
  test('when the last took no more than 600 s of its 840 s', () => {
    expect(choose({ last: dumped(600, 7 * GB) }).runner).toBe('function');
    expect(choose({ last: dumped(601, 7 * GB) }).runner).toBe('task');
  });

  test('when it packs faster than others: by its own time and not by the size', () => {
    expect(choose({ last: dumped(300, 30 * GB) }).runner).toBe('function');
  });

  test('when there is no dump yet and the database is small', () => {
    expect(choose({ databaseBytes: 7 * GB }).runner).toBe('function');
    expect(choose({ databaseBytes: 7.1 * GB }).runner).toBe('task');
  });

  test('again when a database that was a task’s should take less than half', () => {
    expect(choose({ last: dumped(90, 3.4 * GB, 'directory-tar') }).runner).toBe('function');
    expect(choose({ last: dumped(90, 5 * GB, 'directory-tar') }).runner).toBe('task');
  });
});

describe('the task takes the next dump', () => {
  test('when the database has grown so much that the function would not be done', () => {
    const { runner, reason } = choose({ last: dumped(400, 5 * GB), databaseBytes: 8 * GB });
    expect(runner).toBe('task');
    expect(reason).toBe(
      'the last dump in one stream took 400 s of a database of 5.0 GB; for 8.0 GB it would take 640 s, which is beyond the 600 s that it may take of the function’s 840 s',
    );
  });

  test('when the function ran out of time, though the dump before was quick', () => {
    expect(choose({ last: dumped(10, GB), ranOutOfTime: true }).runner).toBe('task');
  });

  test('when nothing is known', () => {
    expect(choose({})).toEqual({
      runner: 'task',
      reason: 'nothing is known of the database, and the task has no limit of time',
    });
  });

  test('when the function has less time than Lambda allows', () => {
    expect(choose({ last: dumped(300, GB) }).runner).toBe('function');
    expect(choose({ last: dumped(300, GB), functionSeconds: 300 }).runner).toBe('task');
  });
});

test('a database that became smaller is not believed to be quicker, and an empty one divides by nothing', () => {
  expect(choose({ last: dumped(700, 10 * GB), databaseBytes: GB }).runner).toBe('task');
  expect(choose({ last: dumped(1, 0), databaseBytes: GB }).runner).toBe('function');
});

test('10.5 GB, which took 892 of 900 s, is nothing for a function', () => {
  expect(choose({ last: dumped(892, 10.5 * GB) }).runner).toBe('task');
  expect(choose({ databaseBytes: 10.5 * GB }).reason).toContain('it would take 892 s');
});
