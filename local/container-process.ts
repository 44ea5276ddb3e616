import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoLiveError } from '../core/shared/errors';
import type { ServiceExit, Supervisor } from './supervisor';

/** What an image's build made, on this machine. */
export interface LocalImage {
  /** Stands for the folder that the image works in. */
  readonly folder: string;
  /** Such as `/app`. */
  readonly workingDirectory: string;
  /** What runs unless the container says otherwise: the image's ENTRYPOINT and CMD. */
  readonly command: readonly string[];
  /** The image's ENV. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ContainerOptions {
  /** Unique within the supervisor, such as `gateway 1`. */
  readonly name: string;
  readonly image: LocalImage;
  /** @default the image's */
  readonly command?: readonly string[] | undefined;
  /** All that it is told beside the image's own; nothing of this process's environment comes in. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it reads from its standard input. It is not left on disk. @default nothing */
  readonly input?: string | undefined;
  /** After SIGTERM it has so long, seconds; then it is killed. @default 30, as on Fargate */
  readonly stopTimeoutSeconds?: number | undefined;
}

/** A container of a task definition, as a process of this machine. */
export interface LocalContainer {
  readonly name: string;
  readonly pid: number;
  /** How it ended, asked for or not. */
  readonly finished: Promise<ServiceExit>;
  /** All that it has written. */
  log(): Promise<string>;
  /** As ECS stops it: SIGTERM, and SIGKILL when its time is over. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A container's command is none that can run here. */
export class ContainerCommandError extends GoLiveError {
  readonly code = 'ContainerCommandError';
}

const STOP_TIMEOUT_SECONDS = 30;

/**
 * Starts what a container would run, from the same bundle, as a process that cannot outlive ours. No isolation is
 * played: it runs as our user and sees our files.
 *
 * @throws ContainerCommandError
 */
export async function startContainer(
  supervisor: Supervisor,
  options: ContainerOptions,
): Promise<LocalContainer> {
  const { name, image, stopTimeoutSeconds = STOP_TIMEOUT_SECONDS } = options;
  const [command, ...args] = commandOf(options);
  // What an image declares as its volume, and what else it writes, goes there.
  const scratch = await supervisor.temporaryFolder('golive-container-');
  const logFile = join(scratch, 'output.log');
  const inputFile = options.input === undefined ? undefined : join(scratch, 'input');
  if (inputFile !== undefined) await writeFile(inputFile, options.input!, { mode: 0o600 });
  let stopListening = (): void => undefined;
  const finished = new Promise<ServiceExit>((resolve) => {
    stopListening = supervisor.onServiceExit((exit) => {
      if (exit.name !== name) return;
      stopListening();
      resolve(exit);
    });
  });
  try {
    const pid = await supervisor.startService({
      name,
      command,
      args,
      cwd: image.folder,
      env: { HOME: scratch, TMPDIR: scratch, LANG: 'C.UTF-8', ...image.environment, ...options.environment },
      logFile,
      ...(inputFile !== undefined && { inputFile }),
      // When everything ends, nobody is served any more.
      stopSignal: 'SIGKILL',
    });
    return {
      name,
      pid,
      finished,
      log: () => readFile(logFile, 'utf8'),
      stop: () => supervisor.stopService(name, { signal: 'SIGTERM', graceMs: stopTimeoutSeconds * 1000 }),
      kill: () => supervisor.stopService(name, { signal: 'SIGKILL' }),
    };
  } catch (error) {
    stopListening();
    throw error;
  } finally {
    if (inputFile !== undefined) await rm(inputFile, { force: true });
  }
}

/** The image's own paths become those of this machine; of programs there is Node alone. */
function commandOf({ name, image, command = image.command }: ContainerOptions): [string, ...string[]] {
  const [program, ...args] = command;
  if (program !== 'node') {
    throw new ContainerCommandError(
      `${name} runs "${command.join(' ')}", and the local platform runs node alone: let its command begin with node`,
    );
  }
  const inside = `${image.workingDirectory}/`;
  return [
    process.execPath,
    ...args.map((word) => (word.startsWith(inside) ? join(image.folder, word.slice(inside.length)) : word)),
  ];
}
