import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { scrubValue } from '../../../../core/observability/scrub';
import { Sensitive, SecretValue } from '../../../../core/secrets/client';

const PLANTED = 'planted-hunter2';
const secrets: readonly (readonly [string, Sensitive<unknown>])[] = [
  ['a text', new Sensitive(PLANTED)],
  ['an object', new Sensitive({ username: 'shop', password: PLANTED })],
  ['a version of a secret', new SecretValue({ password: PLANTED }, 'v1', new Date(0))],
];

/** Every way that we know by which a value gets into a log. */
const printers: readonly (readonly [string, (secret: Sensitive<unknown>) => string])[] = [
  ['a template string', (secret) => `${secret as unknown as string}`],
  ['joining texts', (secret) => 'it is ' + (secret as unknown as string)],
  ['String', (secret) => String(secret)],
  ['an array’s join', (secret) => [secret].join()],
  ['toLocaleString', (secret) => secret.toLocaleString()],
  ['JSON.stringify', (secret) => JSON.stringify({ secret, list: [secret] })],
  ['JSON.stringify of its fields', (secret) => JSON.stringify(Object.assign({}, secret))],
  ['inspect', (secret) => inspect({ deep: { secret } }, { depth: Infinity })],
  ['inspect of what is hidden', (secret) => inspect(secret, { showHidden: true, getters: true })],
  ['inspect that skips our say', (secret) => inspect(secret, { customInspect: false, showHidden: true })],
  ['format', (secret) => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
  ['console.log', (secret) => printed((console) => console.log('secret', secret, { secret }))],
  ['console.dir', (secret) => printed((console) => console.dir(secret, { showHidden: true }))],
  ['console.table', (secret) => printed((console) => console.table([{ secret }]))],
  ['spreading', (secret) => inspect({ ...secret })],
  ['its entries', (secret) => inspect(Object.entries(secret))],
  ['a structured clone', (secret) => inspect(structuredClone(secret), { showHidden: true })],
  ['its own properties', (secret) => inspect(Object.getOwnPropertyDescriptors(secret))],
  [
    'an error',
    (secret) => {
      const error = new Error(`bad ${secret as unknown as string}`, { cause: secret });
      return inspect(Object.assign(error, { secret })) + JSON.stringify(error) + error.stack;
    },
  ],
  ['the scrubber of logs', (secret) => JSON.stringify(scrubValue({ value: secret }))],
];

describe.each(secrets)('%s that is sensitive', (_kind, secret) => {
  test.each(printers)('is not shown by %s', (_way, print) => {
    expect(print(secret)).not.toContain(PLANTED);
  });

  test('is given to who asks for it by name', () => {
    expect(JSON.stringify(secret.reveal())).toContain(PLANTED);
  });
});

test('the printers would show a value that is not sensitive', () => {
  const naked = { password: PLANTED } as unknown as Sensitive<unknown>;
  const silent = printers.filter(([, print]) => !print(naked).includes(PLANTED)).map(([way]) => way);
  // Of an object these never show the fields, and the scrubber knows the name.
  expect(silent).toEqual([
    'a template string',
    'joining texts',
    'String',
    'an array’s join',
    'toLocaleString',
    'the scrubber of logs',
  ]);
});

test('the version of a secret is no secret', () => {
  expect(new SecretValue('x', 'v1', undefined).version).toBe('v1');
});

function printed(print: (console: Console) => void): string {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  print(new Console({ stdout: stream, stderr: stream }));
  return text;
}
