import { emptyRing, type KeyRing } from '../../../core/secrets/key-ring';
import { parseRingDatesTag, RING_DATES_TAG } from '../../../core/secrets/status';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';
import { ALL_STEPS, RotatingSecret, runSteps, SECRET_ARN, stepEvent, TOKEN } from './rotating-secret';

const TIMES = { PUBLISH_SECONDS: '7200', CACHE_SECONDS: '3600' };

describe('the rotation of the keys that sign tokens', () => {
  const { printed, metrics } = watchHandler('secrets-rotate-jwt', {
    ...TIMES,
    SECRET_ARN,
    ALGORITHM: 'ES256',
    MAX_TOKEN_SECONDS: '900',
  });
  const load = async () => (await import('../../../lambdas/secrets/rotate-jwt/handler')).handler;

  test('of another secret is refused, recorded, and changes nothing', async () => {
    const secret = new RotatingSecret(emptyRing('ES256'));
    const handler = await load();

    await expect(
      handler(stepEvent('createSecret', `${SECRET_ARN}-other`), lambdaContext()),
    ).rejects.toMatchObject({ code: 'OtherSecretError' });

    expect(secret.mock.calls()).toEqual([]);
    expect(printed()).toContain('secret.rotate failed');
    expect(printed()).toContain('OtherSecretError');
    expect(metrics()).toMatchObject({ FunctionFailures: 1 });
  });

  test('of a ring of another algorithm is refused', async () => {
    new RotatingSecret(emptyRing('EdDSA'));

    await expect(runSteps(await load(), 'createSecret')).rejects.toThrow(/EdDSA.*ES256/);
  });

  test('makes the first ring, leaves its dates for the monitor, and one record', async () => {
    const secret = new RotatingSecret(emptyRing('ES256'));

    await expect(runSteps(await load(), ...ALL_STEPS)).resolves.toEqual({
      step: 'finishSecret',
      outcome: 'done',
    });

    const ring = secret.valueOf('AWSCURRENT') as KeyRing;
    expect(ring).toMatchObject({
      algorithm: 'ES256',
      maxTokenSeconds: 900,
      keys: [{ state: 'current' }, { state: 'next' }],
    });
    expect(parseRingDatesTag(secret.tags[RING_DATES_TAG])).toMatchObject({
      versionId: TOKEN,
      currentSince: new Date(ring.keys[0]?.activatedAt ?? ''),
      nextSince: new Date(ring.keys[1]?.createdAt ?? ''),
    });
    expect(printed().match(/secret\.rotate succeeded/g)).toHaveLength(1);
    expect(metrics()).toMatchObject({ SecretRotated: 1, FunctionFailures: 0 });
    for (const { material } of ring.keys) expect(printed()).not.toContain((material as { d: string }).d);
  });

  test('finished again, after its answer was lost, leaves the dates and no second record', async () => {
    const secret = new RotatingSecret(emptyRing('ES256'));
    const handler = await load();
    await runSteps(handler, ...ALL_STEPS);
    delete secret.tags[RING_DATES_TAG];

    await expect(runSteps(handler, 'finishSecret')).resolves.toMatchObject({ outcome: 'already-current' });

    expect(secret.tags[RING_DATES_TAG]).toBeDefined();
    expect(printed().match(/secret\.rotate succeeded/g)).toHaveLength(1);
  });
});

describe('the rotation of the keys that encrypt data', () => {
  const { printed } = watchHandler('secrets-rotate-data', {
    ...TIMES,
    SECRET_ARN,
    BACKUP_SECONDS: '86400',
    DATABASE_SECRET_ARN: SECRET_ARN,
    DATABASE_NAME: 'golive',
    ENCRYPTED_COLUMNS: '[{"table":"public.users","column":"iban"}]',
    DATABASE_CA_FILE: '/nowhere/ca.pem',
  });
  const load = async () => (await import('../../../lambdas/secrets/rotate-data/handler')).handler;

  test('drops no key while the database cannot be asked, and rotates all the same', async () => {
    const first = new RotatingSecret(emptyRing('A256GCM'));
    await runSteps(await load(), ...ALL_STEPS);
    const ring = first.valueOf('AWSCURRENT') as KeyRing;
    const old = '2020-01-01T00:00:00.000Z';
    const keys = ring.keys.map((key) => ({ ...key, createdAt: old }));
    const unneeded = {
      ...keys[0],
      kid: 'previous',
      state: 'previous',
      retiredAt: old,
      unneededSince: old,
    };
    const secret = new RotatingSecret({ ...ring, keys: [...keys, unneeded] });

    await runSteps(await load(), ...ALL_STEPS);

    const after = secret.valueOf('AWSCURRENT') as KeyRing;
    expect(after.keys.map(({ kid }) => kid)).toContain('previous');
    expect(after.keys.filter(({ state }) => state === 'current')[0]?.kid).toBe(ring.keys[1]?.kid);
    expect(printed()).toContain('kept all previous data keys');
  });

  test.each(['', '{}', '[{"table":"users"}]', 'iban'])('takes %p for no list of columns', async (columns) => {
    process.env['ENCRYPTED_COLUMNS'] = columns;
    new RotatingSecret(emptyRing('A256GCM'));
    jest.resetModules();

    await expect(runSteps(await load(), 'createSecret')).rejects.toThrow(/ENCRYPTED_COLUMNS/);
  });
});
