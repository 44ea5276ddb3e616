import { isVerified, RUNGS, Verification, verifiedUpTo } from '../../../../core/backup/verify';
import { rungs, verification } from './fixtures';

describe('how far a dump was proven', () => {
  test.each([
    ['nothing, when its bytes are not there', rungs('not-run', { bytes: 'failed' }), null, false],
    ['nothing, when nothing ran', rungs('not-run'), null, false],
    ['its bytes', rungs('not-run', { bytes: 'passed', readable: 'failed' }), 'bytes', false],
    [
      'up to the rung below the one that was not run',
      rungs('passed', { restores: 'not-run' }),
      'readable',
      false,
    ],
    ['up to the rung below the one that failed', rungs('passed', { structure: 'failed' }), 'restores', false],
    ['not by its content', rungs('passed', { fingerprint: 'not-run' }), 'structure', false],
    [
      'all but the smoke, which a team need not have',
      rungs('passed', { smoke: 'not-run' }),
      'fingerprint',
      true,
    ],
    // It is what was dumped; what the team asks of it was wrong already then.
    ['all but a smoke that failed', rungs('passed', { smoke: 'failed' }), 'fingerprint', true],
    ['everything', rungs('passed'), 'smoke', true],
  ])('%s', (_, all, height, verified) => {
    const record = verification(all);
    expect(record.height).toBe(height);
    expect(verifiedUpTo(record)).toBe(height);
    expect(isVerified(record)).toBe(verified);
  });

  test('a rung that is missing was not passed', () => {
    const without = rungs('passed').filter(({ name }) => name !== 'restores');
    expect(isVerified({ rungs: without })).toBe(false);
    expect(isVerified({ rungs: [] })).toBe(false);
    expect(verifiedUpTo({ rungs: [] })).toBeNull();
  });
});

describe('a record', () => {
  const good = verification();

  test('survives JSON', () => {
    expect(Verification.parse(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  test.each([
    ['claims to be higher than its rungs', { ...good, rungs: rungs('passed', { bytes: 'failed' }) }],
    ['lacks a rung', { ...good, rungs: good.rungs.slice(1) }],
    ['has a rung twice', { ...good, rungs: RUNGS.map(() => good.rungs[0]) }],
    ['has its rungs in another order', { ...good, rungs: good.rungs.toReversed() }],
    ['is of a later version', { ...good, verificationVersion: 2 }],
    ['has a field that we do not know', { ...good, isVerified: true }],
    ['names no backup', { ...good, backupId: 'yesterday' }],
  ])('is none when it %s', (_, record) => {
    expect(Verification.safeParse(record).success).toBe(false);
  });
});
