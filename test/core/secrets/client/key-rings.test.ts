import { createSecretsClient, dataKeys, tokenKeys } from '../../../../core/secrets/client';
import {
  CiphertextRefusedError,
  currentKey,
  DataKeyRing,
  encrypt,
  JwtKeyRing,
  signToken,
  TokenInvalidError,
  UnknownKeyError,
} from '../../../../core/secrets/key-ring';
import { FakeSecretsManager } from './fake-secrets-manager';
import { dataRing, jwtRing } from '../key-ring/rings';

const CONTEXT = { table: 'public.users', column: 'ssn', id: '42' };
const LIFE = { expiresInSeconds: 60 };

let now: number;
let clients: { close(): void }[] = [];
beforeEach(() => {
  now = Date.now();
});
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});

/** A client for one ring, and two that know nothing of each other. */
function keysOf(ring: JwtKeyRing | DataKeyRing) {
  const service = new FakeSecretsManager('v1', ring);
  const client = createSecretsClient({
    secretsManager: service.client,
    secrets: {
      jwt: { id: 'arn:jwt', schema: JwtKeyRing },
      data: { id: 'arn:data', schema: DataKeyRing },
    },
    environment: 'production',
    refreshIntervalSeconds: 0,
    now: () => now,
  });
  clients.push(client);
  return {
    service,
    tokens: tokenKeys({ client, name: 'jwt', now: () => now }),
    data: dataKeys({ client, name: 'data', now: () => now }),
  };
}

test('a token of an unknown key is refused after one look at a newer ring, however many come', async () => {
  const { service, tokens } = keysOf(jwtRing());
  const foreign = await signToken(jwtRing(), {}, LIFE);
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => tokens.verify(foreign)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(50).fill('rejected'));
  await expect(tokens.verify(foreign)).rejects.toThrow(UnknownKeyError);
  expect(service.reads).toHaveLength(2);
});

test('it is refused as unknown when Secrets Manager is down: a made-up key must not look like our trouble', async () => {
  const { service, tokens } = keysOf(jwtRing());
  await tokens.sign({}, LIFE);
  service.failure = new Error('down');
  await expect(tokens.verify(await signToken(jwtRing(), {}, LIFE))).rejects.toThrow(UnknownKeyError);
});

test('a token that was changed is refused without a look', async () => {
  const { service, tokens } = keysOf(jwtRing());
  const token = await tokens.sign({ sub: 'anna' }, LIFE);
  const [header, , signature] = token.split('.');
  const forged = [header, Buffer.from('{"sub":"eve","exp":9999999999}').toString('base64url'), signature];
  await expect(tokens.verify(forged.join('.'))).rejects.toThrow(TokenInvalidError);
  expect(service.reads).toHaveLength(1);
});

test('a token of a key that came after our copy is verified with the newer ring', async () => {
  const { service, tokens } = keysOf(jwtRing());
  await tokens.sign({}, LIFE);
  const newer = jwtRing();
  service.put('v2', newer);
  const token = await signToken(newer, { sub: 'anna' }, LIFE);
  expect((await tokens.verify(token)).claims.sub).toBe('anna');
  expect((await tokens.verify(await tokens.sign({ sub: 'bert' }, LIFE))).claims.sub).toBe('bert');
});

test('what is served to other verifiers holds no private key', async () => {
  const ring = jwtRing();
  const { tokens } = keysOf(ring);
  const { keys } = await tokens.jwks();
  expect(keys.map(({ kid }) => kid)).toEqual(ring.keys.map(({ kid }) => kid));
  expect(keys.some((key) => 'd' in key)).toBe(false);
});

test('a value of an unknown key is refused after one look, and another look comes half a minute later', async () => {
  const { service, data } = keysOf(dataRing());
  const foreign = encrypt(dataRing(), 'x', CONTEXT);
  for (let call = 0; call < 20; call += 1) {
    await expect(data.decrypt(foreign, CONTEXT)).rejects.toThrow(UnknownKeyError);
  }
  expect(service.reads).toHaveLength(2);
  now += 30_000;
  await expect(data.decrypt(foreign, CONTEXT)).rejects.toThrow(UnknownKeyError);
  expect(service.reads).toHaveLength(3);
});

test('a value of another row is refused without a look', async () => {
  const { service, data } = keysOf(dataRing());
  const text = await data.encrypt('secret', CONTEXT);
  await expect(data.decrypt(text, { ...CONTEXT, id: '43' })).rejects.toThrow(CiphertextRefusedError);
  expect(service.reads).toHaveLength(1);
});

test('a value of a key that came after our copy is decrypted with the newer ring', async () => {
  const { service, data } = keysOf(dataRing());
  expect(await data.decrypt(await data.encrypt('one', CONTEXT), CONTEXT)).toBe('one');
  const newer = dataRing();
  service.put('v2', newer);
  const text = encrypt(newer, 'two', CONTEXT);
  expect(text).toContain(currentKey(newer).kid);
  const all = await Promise.all(Array.from({ length: 50 }, () => data.decrypt(text, CONTEXT)));
  expect(new Set(all)).toEqual(new Set(['two']));
  expect(service.reads).toHaveLength(2);
});
