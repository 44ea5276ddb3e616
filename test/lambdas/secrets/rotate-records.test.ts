import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { emptyRing } from '../../../core/secrets/key-ring';
import { watchHandler } from '../shared/watched-handler';
import { ALL_STEPS, RotatingSecret, runSteps, SECRET_ARN, TOKEN } from './rotating-secret';

const named = (name: string) => Object.assign(new Error('no'), { name });

/** In this order: it is one container's life. */
describe('the records of a rotation', () => {
  const { printed, metrics } = watchHandler('secrets-rotate-jwt', {
    PUBLISH_SECONDS: '7200',
    CACHE_SECONDS: '3600',
    SECRET_ARN,
    ALGORITHM: 'ES256',
    MAX_TOKEN_SECONDS: '900',
  });
  const load = async () => (await import('../../../lambdas/secrets/rotate-jwt/handler')).handler;
  const rotate = async () => runSteps(await load(), ...ALL_STEPS);

  test('are on the log alone before the Backup stack is there, with a warning, and the rotation is done', async () => {
    const { vault } = new RotatingSecret(emptyRing('ES256'));
    vault.deployed(undefined);

    await expect(rotate()).resolves.toMatchObject({ outcome: 'done' });

    expect(printed()).toContain('secret.rotate succeeded');
    expect(printed()).toMatch(/"WARN",\s+"message": "prod has no vault yet: .*deploy the Backup stack/);
    expect(vault.puts).toEqual([]);
  });

  test.each([
    ['may not be asked for', named('AccessDeniedException'), 'EnvironmentNotFoundError'],
    ['is out of reach', named('TimeoutError'), 'EnvironmentNotFoundError'],
  ])(
    'are on the log alone when the vault %s, with an error, and the rotation is done',
    async (_, error, code) => {
      const { vault } = new RotatingSecret(emptyRing('ES256'));
      vault.ssm.on(GetParameterCommand).rejects(error);

      await expect(rotate()).resolves.toMatchObject({ outcome: 'done' });

      expect(printed()).toContain('secret.rotate succeeded');
      expect(printed()).toMatch(
        new RegExp(`"ERROR",\\s+"message": "the vault was not found[^}]*"code": "${code}"`),
      );
      expect(metrics()).toMatchObject({ SecretRotated: 1, FunctionFailures: 0 });
    },
  );

  test('of a parameter that nobody understands are on the log alone', async () => {
    const { vault } = new RotatingSecret(emptyRing('ES256'));
    vault.deployed({ operationsVersion: 1 });

    await expect(rotate()).resolves.toMatchObject({ outcome: 'done' });

    expect(printed()).toContain('written by another version of GoLive');
  });

  test('are in the vault and on the log; nothing is asked before there is one to write, and never twice', async () => {
    const first = new RotatingSecret(emptyRing('ES256'));
    await runSteps(await load(), 'createSecret', 'setSecret', 'testSecret');
    expect(first.vault.ssm.calls()).toEqual([]);
    await runSteps(await load(), 'finishSecret');
    expect(first.vault.ssm.calls()).toHaveLength(1);

    const { vault } = new RotatingSecret(emptyRing('ES256'));
    await rotate();

    expect(vault.ssm.calls()).toEqual([]);
    expect(vault.puts).toMatchObject([
      {
        Bucket: 'the-vault',
        Key: expect.stringMatching(/^audit\/\d{4}\/.*\.json$/) as string,
        IfNoneMatch: '*',
      },
    ]);
    expect(vault.records).toMatchObject([
      {
        action: 'secret.rotate',
        target: SECRET_ARN,
        outcome: 'succeeded',
        environment: 'prod',
        details: { step: 'finishSecret', versionId: TOKEN },
      },
    ]);
    expect(printed()).toContain(vault.records[0]!.id);
  });

  test('of a step that failed are there, too', async () => {
    const { vault } = new RotatingSecret(emptyRing('EdDSA'));

    await expect(runSteps(await load(), 'createSecret')).rejects.toThrow(/EdDSA/);

    expect(vault.records).toMatchObject([{ outcome: 'failed', details: { step: 'createSecret' } }]);
  });

  test('that the vault refuses are on the log, with an error, and the rotation is done', async () => {
    const { vault } = new RotatingSecret(emptyRing('ES256'));
    vault.s3.on(PutObjectCommand).rejects(named('AccessDenied'));

    await expect(rotate()).resolves.toMatchObject({ outcome: 'done' });

    expect(printed()).toContain('secret.rotate succeeded');
    expect(printed()).toMatch(/"ERROR",\s+"message": "s3:\/\/the-vault\/audit\/ did not take/);
    expect(metrics()).toMatchObject({ SecretRotated: 1, FunctionFailures: 0 });
  });
});
