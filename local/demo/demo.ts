import type { CataloguedDump } from '../../core/backup/catalogue';
import { startPlatform, type LocalPlatform, type ResourceReport } from '../platform';
import { drill, watch } from './proof';
import { rotateUnderLoad } from './rotation';
import {
  changeOneLetter,
  compareDatabases,
  listVault,
  restoreBeside,
  takeDump,
  takeSnapshot,
} from './round-trip';
import { cutUpload, killPgDump, requireStillGood, truncateArchive } from './sabotage/sabotage';
import { fillSampleDatabase } from './sample-database';
import { showOneTrace } from './trace';
import { StepFailed, Steps, Unexpected, type Audience, type StepReport } from './steps';
import { counted } from '../../core/shared/units';

/** What the demo does, in order. */
export const PLAN = {
  platform: 'The platform starts',
  sample: 'A sample database is filled',
  snapshot: 'The scheduled snapshot is taken',
  dump: 'The scheduled dump is taken',
  vault: 'What the vault holds',
  restore: 'The newest dump is restored',
  compare: 'Live and restored are compared',
  tamper: 'One letter is changed',
  drill: 'A restore is practised',
  watch: 'The monitor asks seven questions',
  rotate: 'Credentials rotate under load',
  kill: 'Sabotage: pg_dump is killed',
  cut: 'Sabotage: the upload is cut',
  truncate: 'Sabotage: an archive is cut',
  survivor: 'The first backup is still good',
  trace: 'One request is one trace',
} as const;

export interface DemoReport {
  readonly passed: boolean;
  readonly durationMs: number;
  readonly steps: readonly StepReport[];
  /** How each resource of the templates was treated; empty when the platform did not start. */
  readonly resources: readonly ResourceReport[];
}

export interface DemoOptions {
  readonly audience: Audience;
  readonly signal: AbortSignal;
  /** Told of the platform as soon as it runs, so that Ctrl-C can end what is under way. */
  readonly onPlatform?: (platform: LocalPlatform) => void;
  /** An assembly that is synthesised already. @default synthesised now */
  readonly assembly?: string;
}

const HOUR_MS = 3_600_000;

/**
 * The platform's life on this machine: a backup is taken, restored and compared, credentials rotate under load, every way
 * of spoiling a backup is tried, and one request is followed through the services. Leaves nothing behind, whatever
 * happens.
 *
 * @throws the signal's reason; a step that fails is in the report
 */
export async function runDemo({ audience, signal, onPlatform, assembly }: DemoOptions): Promise<DemoReport> {
  const steps = new Steps(PLAN, audience, signal);
  const began = new Date();
  /** Each dump is another scheduled instant, or it would be the same backup. */
  const instant = (hoursAgo: number) => new Date(began.getTime() - hoursAgo * HOUR_MS);
  let platform: LocalPlatform | undefined;
  try {
    platform = await steps.run('platform', async (progress) => {
      const started = await startPlatform({
        // Built from now on, and run when the backups have been dealt with: what migrates changes the database.
        services: 'later',
        onProgress: (line) => progress(line),
        ...(assembly && { assembly }),
      });
      platform = started;
      onPlatform?.(started);
      return { ...described(started), value: started };
    });
    await lifeOf(platform, steps, instant, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StepFailed)) throw error;
  } finally {
    await platform?.stop();
  }
  const summary = steps.summary();
  return {
    passed: summary.every(({ state }) => state === 'passed'),
    durationMs: Date.now() - began.getTime(),
    steps: summary,
    resources: platform?.resources ?? [],
  };
}

async function lifeOf(
  platform: LocalPlatform,
  steps: Steps<keyof typeof PLAN>,
  instant: (hoursAgo: number) => Date,
  signal: AbortSignal,
): Promise<void> {
  await steps.run('sample', async (progress) => {
    const made = await fillSampleDatabase(platform.database, platform.database.master, { progress });
    return {
      result: `${counted(made.tables, 'table')} in ${counted(made.schemas, 'schema')}, as a user who is no superuser`,
      details: [
        'partitions, large objects, row-level security, generated columns, eight extensions, odd names',
      ],
      rows: made.rows,
      bytes: made.bytes,
      value: made,
    };
  });
  await steps.attempt('snapshot', () => takeSnapshot(platform, instant(3)));
  const dump: CataloguedDump = await steps.run('dump', (progress) =>
    takeDump(platform, instant(3), progress),
  );
  await steps.attempt('vault', () => listVault(platform, new Date()));

  await restoreAndCompare(platform, dump, steps, signal);
  await steps.attempt('drill', (progress) => drill(platform, progress, signal));
  await steps.attempt('watch', () => watch(platform));
  await steps.attempt('rotate', (progress) => rotateUnderLoad(platform, progress, signal));

  await steps.attempt('kill', (progress) => killPgDump(platform, dump, instant(2), progress));
  await steps.attempt('cut', (progress) => cutUpload(platform, dump, instant(1), progress));
  await steps.attempt('truncate', (progress) =>
    truncateArchive(platform, dump, instant(0), progress, signal),
  );
  await steps.attempt('survivor', (progress) => requireStillGood(platform, dump, progress, signal));
  await steps.attempt('trace', (progress) => showOneTrace(platform, progress));
}

/** What is wrong here says nothing about the sabotage that follows. */
async function restoreAndCompare(
  platform: LocalPlatform,
  dump: CataloguedDump,
  steps: Steps<keyof typeof PLAN>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const restored = await steps.run('restore', (progress) =>
      restoreBeside(platform, dump, `${dump.database}_restored`, progress, signal),
    );
    const expected = await steps.run('compare', (progress) =>
      compareDatabases(platform, dump, restored, progress, signal),
    );
    await steps.attempt('tamper', () => changeOneLetter(platform, restored, expected));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
  }
}

function described({ database, aws, resources, rules }: LocalPlatform) {
  const treated = (treatment: ResourceReport['treatment']) =>
    resources.filter((resource) => resource.treatment === treatment).length;
  if (treated('refused') > 0) {
    throw new Unexpected(
      `${counted(treated('refused'), 'resource')} of the templates cannot run here`,
      resources
        .filter(({ treatment }) => treatment === 'refused')
        .map(({ path, note }) => `${path}: ${note}`),
    );
  }
  return {
    result: `${counted(resources.length, 'resource')} of the templates: ${treated('executed')} executed, ${treated('modelled')} modelled, ${treated('refused')} refused`,
    details: [
      `PostgreSQL ${database.version} on port ${database.master.port}, the AWS emulator at ${aws.endpoint}`,
      ...rules.map(({ path, schedule }) => `${path}  ${schedule ?? ''}`),
    ],
  };
}
