import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Every file that a process of this group has open, by its path without links. Undefined where it cannot be known:
 * on anything but Linux, and where the machine hides processes.
 *
 * Synchronous: a machine has some hundred processes, and one of these files of the kernel takes 10 µs.
 */
export function openFilesOf(groupId: number): ReadonlySet<string> | undefined {
  try {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === groupId);
    // At least its leader, which runs.
    if (processes.length === 0) return undefined;
    return new Set(processes.flatMap(openFilesIn));
  } catch {
    return undefined;
  }
}

/** Undefined when it is gone. */
function groupOf(pid: string): number | undefined {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // `pid (name) state parent group …`, and a name may hold anything.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function openFilesIn(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = unlessGone(() => readdirSync(folder)) ?? [];
  return descriptors.flatMap((descriptor) => unlessGone(() => readlinkSync(`${folder}/${descriptor}`)) ?? []);
}

/** A process or a file that is gone meanwhile has nothing open. Anything else means that we cannot know. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
