import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ContainerCommandError,
  startContainer,
  type ContainerOptions,
  type LocalContainer,
  type LocalImage,
} from '../../local/container-process';
import { Supervisor } from '../../local/supervisor';
import { isAlive, until } from '../support/processes';

describe('a container as a process', () => {
  let folder: string;
  let supervisor: Supervisor;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'golive-test-image-'));
    supervisor = Supervisor.start();
  });
  afterEach(async () => {
    await supervisor.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An image whose program is this. */
  const image = (program: string): LocalImage => {
    writeFileSync(join(folder, 'main.js'), program);
    return {
      folder,
      workingDirectory: '/app',
      command: ['node', '/app/main.js'],
      environment: { NODE_ENV: 'production' },
    };
  };
  const start = (program: string, options: Partial<ContainerOptions> = {}): Promise<LocalContainer> =>
    startContainer(supervisor, { name: 'container', image: image(program), environment: {}, ...options });
  const written = (container: LocalContainer, text: string) =>
    until(async () => (await container.log()).includes(text));

  test('one that crashes tells how, and what it said', async () => {
    const container = await start(`console.log('about to'); throw new Error('no database')`);
    expect(await container.finished).toEqual({ name: 'container', code: 1, signal: null });
    expect(await container.log()).toMatch(/^about to\n[^]*no database/);
  });

  test('a command that is not node’s is refused, for nothing else of the image is here', async () => {
    const refused = start('', { command: ['sh', '-c', 'true'] });
    await expect(refused).rejects.toThrow(ContainerCommandError);
    await expect(refused).rejects.toThrow(/"sh -c true"/);
  });

  test('a second one of a name is refused, and the first one goes on', async () => {
    const first = await start('setInterval(() => {}, 1000)');
    await expect(start('')).rejects.toThrow(/running already/);
    expect(isAlive(first.pid)).toBe(true);
  });

  test('it is told what its image and its definition say, the definition last, and nothing of ours', async () => {
    process.env['GOLIVE_TEST_OURS'] = 'ours';
    const container = await start('console.log(JSON.stringify(process.env))', {
      environment: { NAME: 'value', NODE_ENV: 'other' },
    }).finally(() => delete process.env['GOLIVE_TEST_OURS']);
    await container.finished;
    const { HOME, TMPDIR, ...told } = JSON.parse(await container.log()) as Record<string, string>;
    expect(told).toEqual({ NAME: 'value', NODE_ENV: 'other', LANG: 'C.UTF-8' });
    expect([HOME, TMPDIR].map((path) => path?.includes('golive-container-'))).toEqual([true, true]);
  });

  test('its own command takes the place of the image’s, and the image’s paths are found here', async () => {
    writeFileSync(join(folder, 'other.js'), 'console.log(process.argv.slice(2).join())');
    const container = await start('', { command: ['node', '/app/other.js', 'migrate', '/etc/hosts'] });
    await container.finished;
    expect(await container.log()).toBe('migrate,/etc/hosts\n');
  });

  test('it reads what it is given, which is on no disk then', async () => {
    const container = await start(
      `process.stdin.on('data', (data) => console.log('read ' + data)).on('end', () => console.log(require('fs').readdirSync(process.env.TMPDIR).join()))`,
      { input: 'a password' },
    );
    expect(await container.finished).toMatchObject({ code: 0 });
    expect(await container.log()).toBe('read a password\noutput.log\n');
  });

  test('without anything to read it reads nothing, and does not wait', async () => {
    const container = await start(`process.stdin.resume().on('end', () => console.log('end'))`);
    await container.finished;
    expect(await container.log()).toBe('end\n');
  });

  test('it is asked to end, and may finish what it has begun', async () => {
    const container = await start(
      `process.on('SIGTERM', () => setTimeout(() => { console.log('finished'); process.exit(0); }, 50)); setInterval(() => {}, 1000); console.log('up');`,
    );
    await written(container, 'up');
    await container.stop();
    expect(await container.finished).toMatchObject({ code: 0, signal: null });
    expect(await container.log()).toBe('up\nfinished\n');
  });

  test('one that does not listen is killed when its time is over, with its children', async () => {
    const container = await start(
      `const child = require('child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("child")'], { stdio: 'inherit' });
       process.on('SIGTERM', () => console.log('heard')); setInterval(() => {}, 1000); console.log('pid=' + child.pid + ';');`,
      { stopTimeoutSeconds: 0.2 },
    );
    await written(container, 'child');
    const child = Number(/pid=(\d+);/.exec(await container.log())?.[1]);
    await container.stop();
    expect(await container.finished).toMatchObject({ signal: 'SIGKILL' });
    expect(await container.log()).toContain('heard');
    await until(() => !isAlive(child));
  });

  test('it ends with its supervisor at once, and leaves no file', async () => {
    const container = await start(
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(process.env.TMPDIR)`,
    );
    await written(container, 'golive-container-');
    const scratch = (await container.log()).trim();
    expect(readdirSync(scratch)).toEqual(['output.log']);
    await supervisor.stop();
    expect(() => readdirSync(scratch)).toThrow(/ENOENT/);
    await until(() => !isAlive(container.pid));
  });
});
