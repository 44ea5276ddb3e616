import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, has, type Machine } from './machine';

/** What a program's package is called where. */
export interface Packages {
  readonly apt: readonly string[];
  /** Each is tried in turn, for releases differ. */
  readonly dnf: readonly (readonly string[])[];
  readonly brew: readonly string[];
  /** What Debian would start at once and at every boot: we want programs, not a service. */
  readonly services?: readonly string[];
}

/** The command for a person. */
export function commandFor({ platform }: Machine, { apt, dnf, brew }: Packages): string {
  if (platform === 'darwin') return `brew install ${brew.join(' ')}`;
  return `sudo apt-get install ${apt.join(' ')}   (Debian, Ubuntu)   or   sudo dnf install ${dnf[0]!.join(' ')}`;
}

/** The machine's own package manager, where it asks no question: as root, or Homebrew. */
export class PackageManager {
  private listsAreNew: Promise<boolean> | undefined;

  constructor(private readonly machine: Machine) {}

  /** @returns whether something was installed */
  async install({ apt, dnf, brew, services = [] }: Packages): Promise<boolean> {
    const { machine } = this;
    if (machine.platform === 'darwin')
      return (await has(machine, 'brew')) && (await attempt(machine, 'brew', ['install', ...brew]));
    if (!machine.isRoot) return false;
    if (await has(machine, 'apt-get')) {
      this.listsAreNew ??= attempt(machine, 'apt-get', ['update']);
      return (
        (await this.listsAreNew) &&
        (await withoutServices(machine, services, () =>
          attempt(machine, 'apt-get', ['install', '-y', '--no-install-recommends', ...apt]),
        ))
      );
    }
    if (!(await has(machine, 'dnf'))) return false;
    for (const names of dnf) if (await attempt(machine, 'dnf', ['install', '-y', ...names])) return true;
    return false;
  }
}

const policyAgainst = (services: readonly string[]): string =>
  `#!/bin/sh
# GoLive installs programs, not services; gone when they are installed
for word do case "$word" in ${services.join('|')}) exit 101 ;; esac done
exit 0
`;

/**
 * Installs, and leaves no service: Debian asks a policy before it starts what it has installed.
 * https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
 */
async function withoutServices(
  machine: Machine,
  services: readonly string[],
  install: () => Promise<boolean>,
): Promise<boolean> {
  if (services.length === 0) return await install();
  const file = join(machine.root, 'usr/sbin/policy-rc.d');
  const policy = policyAgainst(services);
  // Somebody else's, such as that of a container's image, stays.
  const isOurs = await writeFile(file, policy, { flag: 'wx', mode: 0o755 }).then(
    () => true,
    async () => (await readFile(file, 'utf8').catch(() => '')) === policy,
  );
  const installed = await install().finally(() => isOurs && rm(file, { force: true }));
  for (const service of installed ? services : []) {
    if (!isOurs && (await has(machine, 'invoke-rc.d')))
      await attempt(machine, 'invoke-rc.d', [service, 'stop']);
    if (await has(machine, 'update-rc.d')) await attempt(machine, 'update-rc.d', [service, 'disable']);
  }
  return installed;
}

/** Debian's package makes a cluster and starts it unless told otherwise. */
export async function withoutCluster({ root }: Machine): Promise<void> {
  const folder = join(root, 'etc/postgresql-common');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'createcluster.conf'), 'create_main_cluster = false\n', { flag: 'wx' }).catch(
    () => undefined,
  );
}
