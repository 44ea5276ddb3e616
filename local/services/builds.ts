import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { GoLiveError } from '../../core/shared/errors';
import type { LocalImage } from '../container-process';
import type { Supervisor } from '../supervisor';
import { readDockerfile } from './dockerfile';
import { keptBuild } from './kept-builds';

/** A service's bundle could not be built. */
export class ServiceBuildError extends GoLiveError {
  readonly code = 'ServiceBuildError';
}

/** Below whatever else this machine does: nobody waits for it yet. */
const PRIORITY = 10;
const TOLD_CHARACTERS = 4_000;

/**
 * Builds what an image would hold, by the very script that the image's build runs. The same sources are built once, and
 * kept for who comes next (`kept-builds.ts`).
 */
export class ServiceBuilds {
  private readonly images = new Map<string, Promise<LocalImage>>();

  /** @param project the checkout's root */
  constructor(
    private readonly project: string,
    private readonly supervisor: Supervisor,
  ) {}

  /**
   * The image that a Dockerfile makes; its build begins now, unless it has.
   *
   * @param dockerfile such as `…/services/gateway/Dockerfile`
   * @throws ServiceBuildError, DockerfileError
   */
  image(dockerfile: string): Promise<LocalImage> {
    const service = basename(dirname(dockerfile));
    const known = this.images.get(service) ?? this.build(service, dockerfile);
    this.images.set(service, known);
    // Whoever wants the image hears of it; nobody else need.
    known.catch(() => undefined);
    return known;
  }

  private async build(service: string, dockerfile: string): Promise<LocalImage> {
    const { content, ...image } = await readDockerfile(dockerfile);
    if (!content.endsWith(`/services/${service}/dist`)) {
      throw new ServiceBuildError(
        `${dockerfile} takes ${content}, which is not what services/${service}/scripts/build.mjs makes: correct one of them`,
      );
    }
    const { project } = this;
    return { ...image, folder: await keptBuild({ project, service, build: () => this.make(service) }) };
  }

  /** @returns the folder, which goes with the supervisor */
  private async make(service: string): Promise<string> {
    const folder = await this.supervisor.temporaryFolder(`golive-${service}-`);
    const logFile = join(folder, 'build.log');
    const name = `build of ${service}`;
    const into = join(folder, 'dist');
    const ended = new Promise<number | null>((resolve) => {
      const stopListening = this.supervisor.onServiceExit((exit) => {
        if (exit.name !== name) return;
        stopListening();
        resolve(exit.code);
      });
    });
    const pid = await this.supervisor.startService({
      name,
      command: process.execPath,
      args: [join(this.project, 'services', service, 'scripts', 'build.mjs'), '--release', '--into', into],
      cwd: this.project,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder, TMPDIR: folder },
      logFile,
      stopSignal: 'SIGKILL',
    });
    // It may be over already, or the machine may not allow it.
    try {
      setPriority(pid, PRIORITY);
    } catch {
      // Then it is as quick as everything else.
    }
    const code = await ended;
    if (code === 0) return into;
    // It is gone when everything was ended meanwhile.
    const log = (await readFile(logFile, 'utf8').catch(() => '')).trim();
    throw new ServiceBuildError(
      `services/${service} could not be built; correct it, or run "npm run build -w services/${service}" to see why:\n${log.slice(-TOLD_CHARACTERS)}`,
    );
  }
}
