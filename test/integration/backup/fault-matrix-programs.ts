import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeProgramFolder } from '../../support/fake-program';

/** A pg_dump that stands still, and the real one behind it, which waits at a full pipe. */
export interface HeldPgDump {
  /** Of the real one. */
  readonly pid: number;
  release(): void;
}

/** A folder for the PATH whose pg_dump is the real one, but stops for us at a byte of its output. */
export interface HoldingPgDump {
  readonly path: string;
  /** The next one that stands still. */
  readonly held: Promise<HeldPgDump>;
  stop(): Promise<void>;
}

/** @param atByte how much it writes before it stands still; 0 is before it has connected */
export async function pgDumpThatHolds(binFolder: string, atByte: number): Promise<HoldingPgDump> {
  const server = createServer();
  await once(server.listen(0, 'localhost'), 'listening');
  const { port } = server.address() as AddressInfo;
  const programs = makeProgramFolder();
  programs.write('pg_dump', holding(join(binFolder, 'pg_dump'), atByte, port));
  const sockets = new Set<Socket>();
  const held = new Promise<HeldPgDump>((resolve) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (pid) => resolve({ pid: Number(pid.toString()), release: () => socket.end('go') }));
    });
  });
  return {
    path: programs.path,
    held,
    stop: async () => {
      programs.remove();
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A program of its own, because the dump starts it by name and gives it an environment of its own. */
function holding(pgDump: string, atByte: number, port: number): string {
  return `
const { spawn, spawnSync } = require('node:child_process');
const { connect } = require('node:net');
const args = process.argv.slice(2);
if (args[0] === '--version') process.exit(spawnSync(${JSON.stringify(pgDump)}, args, { stdio: 'inherit' }).status);
let left = ${Math.round(atByte)};
const hold = (pid) => new Promise((done) => {
  const socket = connect(${port}, 'localhost', () => socket.write(String(pid)));
  socket.on('data', done).on('error', done).on('close', done);
});
const run = () => {
  const child = spawn(${JSON.stringify(pgDump)}, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stopping = false;
  process.on('SIGTERM', () => {
    stopping = true;
    child.kill('SIGTERM');
    child.stdout.resume();
  });
  child.stdout.on('data', async (chunk) => {
    if (stopping) return;
    const passed = left > 0 ? chunk.subarray(0, left) : chunk;
    const holds = left > 0 && passed.length === left;
    left -= left > 0 ? passed.length : 0;
    child.stdout.pause();
    await new Promise((done) => process.stdout.write(passed, done));
    if (holds) {
      left = -1;
      await hold(child.pid);
      await new Promise((done) => process.stdout.write(chunk.subarray(passed.length), done));
    }
    child.stdout.resume();
  });
  child.on('close', (code, signal) => {
    process.removeAllListeners('SIGTERM');
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
};
if (left === 0) hold(process.pid).then(run);
else run();
`;
}
