import { spawn } from 'node:child_process';

/** Tells every process of a group to end. That none is left is no failure. */
export function killGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** `read` returns at the end of its input, which is when nobody holds the other end of the pipe: when we are gone. */
const WATCH = 'read -r _; kill -s TERM -- "-$1"; sleep 5; kill -s KILL -- "-$1"';

/**
 * Lets a group end when our process does, in whatever way: killed, we could not tell it, and a pg_dump that writes
 * files would go on until the disk is full. A shell of its own group waits for it.
 *
 * @returns what ends the watch; to be called when the group is gone, before its id may mean another
 */
export function endGroupWithUs(groupId: number): () => void {
  const watch = spawn('/bin/sh', ['-c', WATCH, 'golive-watch', String(groupId)], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // It is a precaution: without it the work is the same.
  watch.on('error', () => undefined);
  watch.stdin.on('error', () => undefined);
  watch.unref();
  return () => {
    watch.kill('SIGKILL');
    watch.stdin.destroy();
  };
}
