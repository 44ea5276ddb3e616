/**
 * Owns the service processes and the temporary folders of one local platform, in a process of its own, so that
 * they go when the platform's process goes, in whatever way: return, exception, Ctrl-C or SIGKILL. Its channel
 * to the parent closes in all of these, and that is the only signal it needs.
 *
 * Messages in:  { id, start: { name, command, args, env, cwd, uid, gid, logFile, stopSignal } }
 *               { id, stop: name } · { id, own: folder } · { id, shutdown: true }
 * Messages out: { id, pid } · { id, done: true } · { id, error } · { exited: { name, code, signal } }
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';

const GRACE_MS = 5_000;
const services = new Map();
const folders = [];
let closing;

process.on('message', (message) => {
  handle(message).then(
    (answer) => send({ id: message.id, ...answer }),
    (error) => send({ id: message.id, error: String(error?.message ?? error) }),
  );
});
process.on('disconnect', () => void shutdown());
// The terminal's Ctrl-C goes to the parent, which closes the channel; a kill of ours still cleans up.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void shutdown());

async function handle(message) {
  if (message.start) return { pid: await start(message.start) };
  if (message.stop) await stop(message.stop);
  if (message.own) folders.push(message.own);
  if (message.shutdown) {
    await cleanUp();
    setImmediate(() => process.exit(0));
  }
  return { done: true };
}

function start({ name, command, args, env, cwd, uid, gid, logFile, stopSignal }) {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(command, args, { env, cwd, uid, gid, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const gone = new Promise((done) => child.once('exit', done));
      services.set(name, { child, gone, stopSignal });
      child.once('exit', (code, signal) => {
        services.delete(name);
        send({ exited: { name, code, signal } });
      });
      resolve(child.pid);
    });
  });
}

async function stop(name) {
  const service = services.get(name);
  if (!service) return;
  service.child.kill(service.stopSignal);
  const late = setTimeout(() => killGroup(service.child.pid), GRACE_MS);
  await service.gone;
  clearTimeout(late);
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone by itself in the meantime.
  }
}

function cleanUp() {
  closing ??= (async () => {
    await Promise.all([...services.keys()].map(stop));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  })();
  return closing;
}

async function shutdown() {
  await cleanUp();
  process.exit(0);
}

function send(message) {
  if (process.connected) process.send(message, () => undefined);
}
