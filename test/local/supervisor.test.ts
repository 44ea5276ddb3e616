import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Supervisor, SupervisorError, type ServiceSpecification } from '../../local/supervisor';
import { isAlive, until } from '../support/processes';

const SUPERVISOR = resolve(__dirname, '../../local/supervisor.ts');

/** Runs in `folder` until it is stopped, with a child of its own; writes both process ids to `folder`/pids. */
const WITH_A_CHILD = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  child.once('spawn', () => require('node:fs').writeFileSync('pids', process.pid + ' ' + child.pid + '\\n'));
  setInterval(() => {}, 1000);`;

describe('a supervisor', () => {
  let scratch: string;
  let supervisor: Supervisor;

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'golive-test-supervisor-'));
    supervisor = Supervisor.start();
  });

  afterEach(async () => {
    await supervisor.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  function program(code: string, name = 'program'): ServiceSpecification {
    return {
      name,
      command: process.execPath,
      args: ['-e', code],
      env: {},
      cwd: scratch,
      logFile: join(scratch, `${name}.log`),
      stopSignal: 'SIGKILL',
    };
  }

  it('fails when the program is not there, and names it', async () => {
    const missing = { ...program(''), command: '/no/such/program' };
    await expect(supervisor.startService(missing)).rejects.toThrow(/\/no\/such\/program/);
  });

  it('refuses a second service of a name, which would leave the first one to itself', async () => {
    await supervisor.startService(program(WITH_A_CHILD));
    await expect(supervisor.startService(program(WITH_A_CHILD))).rejects.toThrow(SupervisorError);
  });

  it('says how a program ended that it ran to its end, and keeps what it wrote', async () => {
    const exit = await supervisor.run(program("console.log('said'); process.exitCode = 3"));
    expect(exit).toEqual({ name: 'program', code: 3, signal: null });
    expect(readFileSync(join(scratch, 'program.log'), 'utf8')).toBe('said\n');
  });

  it('stops a service together with its children, and removes its folders', async () => {
    const folder = await supervisor.temporaryFolder('golive-test-owned-');
    await supervisor.startService(program(WITH_A_CHILD));
    const pids = await pidsIn(scratch);
    await supervisor.stop();
    expect(existsSync(folder)).toBe(false);
    await until(() => !pids.some(isAlive));
  });

  it.each(['startService', 'run'])('ends what %s began when its parent is killed', async (method) => {
    const owned = join(scratch, 'owned');
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', '-e', parentOf(method, program(WITH_A_CHILD), owned)],
      { stdio: 'ignore' },
    );
    const exited = once(parent, 'exit');
    const pids = await pidsIn(scratch);
    parent.kill('SIGKILL');
    await exited;
    await until(() => !pids.some(isAlive));
    await until(() => !readdirSync(scratch).some((name) => name.startsWith('owned')));
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(scratch).filter((name) => name.startsWith('owned'))).toEqual([]);
  });
});

function parentOf(method: string, specification: ServiceSpecification, folder: string): string {
  return `
    const { Supervisor } = require(${JSON.stringify(SUPERVISOR)});
    const supervisor = Supervisor.start();
    process.env.TMPDIR = ${JSON.stringify(resolve(folder, '..'))};
    supervisor.temporaryFolder('owned-').then(() => supervisor.${method}(${JSON.stringify(specification)}));
    setInterval(() => {}, 1000);`;
}

async function pidsIn(folder: string): Promise<number[]> {
  const file = join(folder, 'pids');
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  return readFileSync(file, 'utf8').trim().split(' ').map(Number);
}
