import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalLoadBalancer } from '../../../local/edge/load-balancer';
import { TargetGroup } from '../../../local/edge/target-group';
import type { Surroundings } from '../../../local/services/differences';
import { LocalService } from '../../../local/services/service';
import { runTask, TaskFailedError, type TaskPlan } from '../../../local/services/task';
import { Supervisor } from '../../../local/supervisor';
import { isAlive, until } from '../../support/processes';

const SURROUNDINGS: Surroundings = {
  aws: {
    endpoint: 'http://localhost:1',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  },
  databaseCaFile: undefined,
  cache: undefined,
  collector: 'http://localhost:2',
  names: new Map(),
};

/** Serves at PORT, says whether it is ready, and ends when it is asked to, once all is answered. */
const SERVES = `
  const { readFileSync } = require('node:fs');
  const isReady = () => readFileSync(__dirname + '/ready', 'utf8') === 'yes';
  const server = require('node:http').createServer((request, response) => {
    if (request.url === '/health/ready') return response.writeHead(isReady() ? 200 : 503).end();
    setTimeout(() => response.end(String(process.pid)), request.url === '/slow' ? 300 : 0);
  });
  server.listen(process.env.PORT, '127.0.0.1', () => console.log('serving'));
  process.on('SIGTERM', () => { console.log('ending'); server.close(() => process.exit(0)); });`;

describe('a service', () => {
  let folder: string;
  let supervisor: Supervisor;
  let balancer: LocalLoadBalancer;
  let group: TargetGroup;
  let service: LocalService | undefined;
  let said: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'golive-test-service-'));
    writeFileSync(join(folder, 'ready'), 'yes');
    supervisor = Supervisor.start();
    balancer = await LocalLoadBalancer.open();
    said = [];
    group = new TargetGroup({
      name: 'gateway',
      deregistrationDelayMs: 5_000,
      healthCheck: {
        path: '/health/ready',
        intervalMs: 20,
        timeoutMs: 2_000,
        healthyThreshold: 1,
        unhealthyThreshold: 3,
        codes: [200],
      },
    });
    balancer.listen({ kind: 'forward', group });
  });

  afterEach(async () => {
    service?.close();
    service = undefined;
    group.close();
    await balancer.close();
    await supervisor.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(program: string): TaskPlan {
    writeFileSync(join(folder, 'main.js'), program);
    return {
      name: 'gateway',
      image: { folder, workingDirectory: '/app', command: ['node', '/app/main.js'], environment: {} },
      definition: {
        Name: 'gateway',
        Image: 'gateway:1',
        Essential: true,
        Environment: [{ Name: 'PORT', Value: '8080' }],
        PortMappings: [{ ContainerPort: 8080 }],
        Secrets: [],
        StopTimeout: 10,
      },
    };
  }

  function serviceOf(program: string, graceMs = 30_000): LocalService {
    service = new LocalService({
      supervisor,
      plan: write(program),
      surroundings: () => SURROUNDINGS,
      targets: [{ group, containerPort: 8080 }],
      peers: [],
      graceMs,
      progress: (line) => said.push(line),
    });
    return service;
  }

  const ask = async (path = '/') => {
    const response = await fetch(balancer.origin + path);
    return { status: response.status, body: await response.text() };
  };

  test('one that crashes at its start is an error that shows what it said, and nothing of it is left', async () => {
    const starting = serviceOf(`console.error('no DATABASE_SECRET_ARN'); process.exit(3)`).start();
    await expect(starting).rejects.toThrow(TaskFailedError);
    await expect(starting).rejects.toThrow(/exit code 3; its log says:\nno DATABASE_SECRET_ARN/);
    expect(group.states().size).toBe(0);
    expect(await ask()).toMatchObject({ status: 503 });
  });

  test('one that is never ready is an error that shows its health and its log, and it is ended', async () => {
    writeFileSync(join(folder, 'ready'), 'no');
    const starting = serviceOf(`console.log('pid=' + process.pid + ';'); ${SERVES}`, 1_500).start();
    const failure = (await starting.catch((error: unknown) => error)) as TaskFailedError;
    expect(failure).toBeInstanceOf(TaskFailedError);
    expect(failure.message).toMatch(
      /within 1\.5 s: \/health\/ready answers with 503[^]*its log says:[^]*serving/,
    );
    const pid = Number(/pid=(\d+);/.exec(failure.message)?.[1]);
    await until(() => !isAlive(pid));
    expect(group.states().size).toBe(0);
  });

  test('a port that somebody takes first is left to them', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    // At its first start it is sent to the port that is taken.
    const marker = join(folder, 'second');
    await serviceOf(`
      const { existsSync, writeFileSync } = require('node:fs');
      if (!existsSync(${JSON.stringify(marker)})) { writeFileSync(${JSON.stringify(marker)}, ''); process.env.PORT = '${port}'; }
      ${SERVES}`).start();
    expect(await ask()).toMatchObject({ status: 200 });
    other.close();
  });

  test('it is told the port that it listens at, and by whom it is asked is by its container’s', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    expect([...one.ports.keys()]).toEqual([8080]);
    expect(await ask()).toEqual({ status: 200, body: String(one.pid) });
    expect([...group.states()]).toEqual([[one.ports.get(8080), 'healthy']]);
  });

  test('deployed again, the new task comes first, the old one ends what it has begun, and no request fails', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    const before = one.pid!;
    const slow = ask('/slow');
    const answers: { status: number; body: string }[] = [];
    let isDone = false;
    const asking = Array.from({ length: 4 }, async () => {
      while (!isDone) answers.push(await ask());
    });
    await one.restart();
    const after = one.pid!;
    await until(() => answers.at(-1)?.body === String(after));
    isDone = true;
    await Promise.all(asking);
    expect(await slow).toEqual({ status: 200, body: String(before) });
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set([String(before), String(after)]));
    expect(isAlive(before)).toBe(false);
    expect(await one.log()).toContain('ending');
    expect(said).toEqual([]);
  });

  test('a version that does not start changes nothing: the old task goes on', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    const before = one.pid;
    write(`throw new Error('the new version is broken')`);
    await expect(one.restart()).rejects.toThrow(/the new version is broken/);
    expect(one.pid).toBe(before);
    expect(await ask()).toEqual({ status: 200, body: String(before) });
    expect(group.states().size).toBe(1);
  });

  test('a task that ends by itself is replaced', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    const before = one.pid!;
    process.kill(before, 'SIGKILL');
    await until(() => one.pid !== before);
    expect(await ask()).toEqual({ status: 200, body: String(one.pid) });
    expect(said).toEqual([expect.stringMatching(/^gateway \d+ has ended; starting another$/)]);
  });

  test('one that cannot be replaced is given up after three tries, and that is said', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    write(`throw new Error('broken')`);
    process.kill(one.pid!, 'SIGKILL');
    await until(() => said.some((line) => line.includes('not started any more')));
    expect(said.filter((line) => line.includes('starting another'))).toHaveLength(3);
    expect(said.filter((line) => line.includes('broken'))).toHaveLength(3);
  });

  test('once it is closed nothing is replaced', async () => {
    const one = serviceOf(SERVES);
    await one.start();
    const pid = one.pid!;
    one.close();
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    await supervisor.stop();
    expect(said).toEqual([]);
  });

  test('another command of its image is run to its end, and one that fails shows its log', async () => {
    const plan = write(
      `process.stdin.on('data', (data) => console.log(process.argv[2] + ' ' + data)).on('end', () => process.exit(process.argv[2] === 'fail' ? 1 : 0))`,
    );
    const run = (word: string) =>
      runTask(supervisor, plan, SURROUNDINGS, { command: ['node', '/app/main.js', word], input: 'given' });
    expect(await run('migrate')).toBe('migrate given\n');
    await expect(run('fail')).rejects.toThrow(/exit code 1; its log says:\nfail given/);
  });
});
