import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../support/processes';

const BUILD = join(__dirname, '../../../services/gateway/scripts/build.mjs');

/** The gateway as an image holds it, but that its packages are links. */
export interface BuiltGateway {
  readonly folder: string;
  start(
    environment: Readonly<Record<string, string>>,
    args?: readonly string[],
    input?: string,
  ): GatewayProgram;
  remove(): Promise<void>;
}

export interface GatewayProgram {
  readonly child: ChildProcess;
  /** What it has logged so far, line by line. */
  lines(): Record<string, unknown>[];
  /** All that it wrote. */
  output(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The ports that it says it serves at. */
export interface ServedPorts {
  readonly port: number;
  readonly internalPort: number;
  readonly metricsPort: number;
}

export async function buildProgram(): Promise<BuiltGateway> {
  const parent = await mkdtemp(join(tmpdir(), 'golive-gateway-'));
  const folder = join(parent, 'app');
  await promisify(execFile)(process.execPath, [BUILD, '--into', folder]);
  return {
    folder,
    start: (environment, args = [], input = '') => {
      const child = spawn(process.execPath, [join(folder, 'main.js'), ...args], {
        env: { PATH: process.env['PATH'], TMPDIR: parent, NODE_ENV: 'production', ...environment },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      // Apart: lines of the one may come in the middle of the other's.
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (data) => (said[stream] += String(data)));
      child.stdin.on('error', () => undefined).end(input);
      return {
        child,
        output: () => said.stdout + said.stderr,
        lines: () =>
          said.stdout
            .split('\n')
            .filter((line) => line.startsWith('{'))
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        ended: once(child, 'close').then(([code, signal]) => ({
          code: code as number | null,
          signal: signal as NodeJS.Signals | null,
        })),
      };
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

/** Resolves when it serves; rejects with what it wrote when it ends before. */
export async function served(program: GatewayProgram): Promise<ServedPorts> {
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));
  const line = () => program.lines().find(({ message }) => message === 'serving');
  await until(() => line() !== undefined || hasEnded);
  const ports = line();
  if (!ports) throw new Error(`the gateway ended: ${program.output()}`);
  return ports as unknown as ServedPorts;
}
