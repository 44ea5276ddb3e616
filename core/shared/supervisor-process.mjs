/**
 * Owns service processes and temporary folders on its parent's behalf, in a process of its own, so that they go
 * when the parent goes, in whatever way: return, exception, Ctrl-C or SIGKILL. Its channel to the parent closes in
 * all of these, and that is the only signal it needs.
 *
 * Messages in:  { id, start: { name, command, args, env, cwd, uid, gid, logFile, stopSignal, inputFile } }
 *               { id, run: (the same) } · { id, stop: name, signal, graceMs } · { id, makeFolder: prefix }
 *               { id, shutdown: true }
 * Messages out: { id, pid } · { id, exit: { name, code, signal } } · { id, folder } · { id, done: true }
 *               { id, error } · { exited: { name, code, signal } }
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';

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
  if (message.start) return { pid: (await start(message.start)).child.pid };
  if (message.run) return { exit: await (await start(message.run)).gone };
  if (message.makeFolder) return { folder: makeFolder(message.makeFolder) };
  if (message.stop) await stop(message.stop, message);
  if (message.shutdown) {
    await cleanUp();
    setImmediate(() => process.exit(0));
  }
  return { done: true };
}

/** Made here and not by the parent: a parent that dies between making it and telling us would leave it. */
function makeFolder(prefix) {
  if (closing) throw new Error('the supervisor is stopping');
  const folder = mkdtempSync(prefix);
  folders.push(folder);
  return folder;
}

function start({ name, command, args, env, cwd, uid, gid, logFile, stopSignal, inputFile }) {
  if (closing) throw new Error('the supervisor is stopping');
  // A second one of the name would take the first one's place here, and nobody would ever stop the first.
  if (services.has(name)) throw new Error(`a service called ${name} is running already`);
  const log = openSync(logFile, 'a', 0o600);
  const input = inputFile === undefined ? 'ignore' : openSync(inputFile, 'r');
  const child = spawn(command, args, { env, cwd, uid, gid, stdio: [input, log, log], detached: true });
  closeSync(log);
  if (input !== 'ignore') closeSync(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const gone = new Promise((done) => {
        child.once('exit', (code, signal) => {
          services.delete(name);
          send({ exited: { name, code, signal } });
          done({ name, code, signal });
        });
      });
      const service = { child, gone, stopSignal };
      services.set(name, service);
      resolve(service);
    });
  });
}

async function stop(name, { signal, graceMs = GRACE_MS } = {}) {
  const service = services.get(name);
  if (!service) return;
  // The whole group: the CDK app and initdb work through children of their own.
  signalGroup(service.child.pid, signal ?? service.stopSignal);
  const late = setTimeout(() => signalGroup(service.child.pid, 'SIGKILL'), graceMs);
  await service.gone;
  clearTimeout(late);
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has gone by itself in the meantime.
  }
}

function cleanUp() {
  closing ??= (async () => {
    await Promise.all([...services.keys()].map((name) => stop(name)));
    // A killed child of a service may write its last file while we remove the folder.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
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
