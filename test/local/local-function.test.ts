import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  invokeFunction,
  type LocalFunction,
  type RuntimeSurroundings,
} from '../../local/lambda/local-function';

describe('a function on this machine', () => {
  let folder: string;
  let surroundings: RuntimeSurroundings;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'golive-test-'));
    surroundings = {
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      awsEndpoint: 'http://localhost:1',
      programFolders: ['/programs'],
      databaseCaFile: '/ca.pem',
      temporaryFolder: folder,
    };
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function functionOf(code: string, change: Partial<LocalFunction> = {}): LocalFunction {
    const codeFolder = mkdtempSync(join(folder, 'code-'));
    writeFileSync(join(codeFolder, 'index.js'), code);
    return {
      arn: 'arn:aws:lambda:eu-central-1:123456789012:function:sample',
      name: 'sample',
      path: 'local/Sample',
      codeFolder,
      handler: 'index.handler',
      timeoutSeconds: 30,
      memoryMiB: 256,
      environment: { OWN: 'from the template' },
      ...change,
    };
  }

  it('gets its event and a context that counts down, and its answer comes back', async () => {
    const fn = functionOf(`exports.handler = async (event, context) =>
      ({ event, name: context.functionName, left: context.getRemainingTimeInMillis() })`);
    const { result } = await invokeFunction(fn, { a: 1 }, surroundings).finished;
    expect(result).toMatchObject({ event: { a: 1 }, name: 'sample' });
    const { left } = result as { left: number };
    expect(left > 0 && left <= 30_000).toBe(true);
  });

  it("has its template's environment and the service's, and nothing of the host's", async () => {
    process.env['HOST_SECRET'] = 'must not be seen';
    const fn = functionOf('exports.handler = async () => process.env');
    const { result } = await invokeFunction(fn, {}, surroundings).finished;
    delete process.env['HOST_SECRET'];
    const environment = result as Record<string, string>;
    expect(environment).toMatchObject({
      OWN: 'from the template',
      AWS_REGION: 'eu-central-1',
      DATABASE_CA_FILE: '/ca.pem',
    });
    expect(environment['HOST_SECRET']).toBeUndefined();
    expect(environment['HOME']).toBeUndefined();
    expect(environment['PATH']?.split(':')[0]).toBe('/programs');
  });

  it('fails with what its handler threw', async () => {
    const fn = functionOf(`exports.handler = async () => {
      throw Object.assign(new TypeError('no such thing'), { code: 'NO_SUCH_THING' }) }`);
    expect((await invokeFunction(fn, {}, surroundings).finished).error).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'no such thing',
      code: 'NO_SUCH_THING',
    });
  });

  it('is killed when its time is over, as Lambda does', async () => {
    const fn = functionOf('exports.handler = () => new Promise(() => setInterval(() => {}, 1000))', {
      timeoutSeconds: 1,
    });
    const invocation = await invokeFunction(fn, {}, surroundings).finished;
    expect(invocation.error).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Task timed out after 1.00 seconds',
    });
  });

  it.each([
    ['process.exit(3)', /exit status 3/],
    ["process.kill(process.pid, 'SIGKILL')", /SIGKILL/],
  ])('fails when its process ends by itself: %s', async (death, message) => {
    const fn = functionOf(
      `exports.handler = async () => { ${death}; await new Promise(() => setInterval(() => {}, 1000)) }`,
    );
    expect((await invokeFunction(fn, {}, surroundings).finished).error?.errorMessage).toMatch(message);
  });

  it('fails when its bundle cannot be loaded', async () => {
    const fn = functionOf("require('a-package-that-was-not-bundled')");
    expect((await invokeFunction(fn, {}, surroundings).finished).error?.errorMessage).toMatch(
      /Cannot find module/,
    );
  });

  it('returns each line it wrote, also the last without an end', async () => {
    const fn = functionOf(
      `exports.handler = async () => { console.log('one\\ntwo'); process.stdout.write('three') }`,
    );
    expect((await invokeFunction(fn, {}, surroundings).finished).logs).toEqual(['one', 'two', 'three']);
  });
});
