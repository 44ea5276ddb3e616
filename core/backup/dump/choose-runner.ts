import type { Manifest } from '../manifest';
import { DEADLINE_MARGIN_MS } from './deadline';

/** What may take a dump: a Lambda function, which has 15 minutes, or a Fargate task, which has a disk and no limit. */
export type DumpRunner = 'function' | 'task';

export interface RunnerQuestion {
  /** By the configuration; `auto` decides anew for each dump. */
  readonly configured: DumpRunner | 'auto';
  /** Of the newest dump of this database; undefined when there is none. */
  readonly last: Pick<Manifest, 'archive' | 'source' | 'startedAt' | 'completedAt'> | undefined;
  /** `pg_database_size` now, bytes. @default - as large as when it was dumped last */
  readonly databaseBytes?: number | undefined;
  /**
   * Whether a dump reached the deadline of its function since then: it left no manifest to learn from.
   * @default false
   */
  readonly ranOutOfTime?: boolean | undefined;
  /** How long a function may run, seconds. @default 900 - Lambda's most */
  readonly functionSeconds?: number | undefined;
}

export interface RunnerChoice {
  readonly runner: DumpRunner;
  /** One sentence, for a log and for people. */
  readonly reason: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const FUNCTION_SECONDS = 900;

/**
 * Of the time that a function has for a dump, how much the last dump may have taken. A function of 900 s ends its
 * dump after 840 s. At 5/7 of them, 600 s, the next dump may take 1.4 times as long before it fails: a database that
 * grows by 5 % in a week takes seven weeks for that, and a busy hour's dump takes 1.2 times a quiet one's.
 */
const SHARE_OF_TIME = 5 / 7;

/**
 * Without a dump in one stream to go by, its time is estimated from the database's size: 10.5 GB took one function
 * 892 s, which is 11.8 MB/s (jameshy/pgdump-aws-lambda#61, with gzip and parts of 5 MiB; ours is faster). So 600 s
 * are 7.1 GB.
 */
const BYTES_PER_SECOND = 10.5e9 / 892;

/**
 * A task gives a dump back to a function only when it should take half of what made it a task's, 300 s or 3.5 GB:
 * on the border it would change with every dump.
 */
const SHARE_TO_GO_BACK = SHARE_OF_TIME / 2;

/**
 * Chooses what takes the next dump. A function starts in seconds and costs nothing between dumps; what it cannot
 * finish is lost. So whoever is not known to fit goes to the task.
 */
export function chooseRunner(question: RunnerQuestion): RunnerChoice {
  const { configured, last, databaseBytes = last?.source.sizeBytes, ranOutOfTime = false } = question;
  if (configured !== 'auto')
    return { runner: configured, reason: `the configuration names the ${configured}` };
  if (ranOutOfTime) {
    return { runner: 'task', reason: 'the last dump by the function was not done when its time was over' };
  }
  const available = (question.functionSeconds ?? FUNCTION_SECONDS) - DEADLINE_MARGIN_MS / 1000;
  if (databaseBytes === undefined) {
    return { runner: 'task', reason: 'nothing is known of the database, and the task has no limit of time' };
  }
  const inOneStream = last?.archive.format === 'custom';
  const expected = inOneStream
    ? secondsOf(last) * growth(last, databaseBytes)
    : databaseBytes / BYTES_PER_SECOND;
  const limit = available * (last && !inOneStream ? SHARE_TO_GO_BACK : SHARE_OF_TIME);
  const basis = inOneStream
    ? `the last dump in one stream took ${seconds(secondsOf(last))} of a database of ${gigabytes(last.source.sizeBytes)}`
    : `${last ? 'the last dump was by several jobs' : 'there is no dump yet'}, and a function is reckoned to dump ${(BYTES_PER_SECOND / 1e6).toFixed(1)} MB/s`;
  const fits = expected <= limit;
  return {
    runner: fits ? 'function' : 'task',
    reason: `${basis}; for ${gigabytes(databaseBytes)} it would take ${seconds(expected)}, which is ${fits ? 'within' : 'beyond'} the ${seconds(limit)} that it may take of the function’s ${seconds(available)}`,
  };
}

type LastDump = NonNullable<RunnerQuestion['last']>;

function secondsOf({ startedAt, completedAt }: LastDump): number {
  return (Date.parse(completedAt) - Date.parse(startedAt)) / 1000;
}

/** A database that was emptied is not believed to be quicker: what was deleted may still lie in its files. */
function growth({ source }: LastDump, databaseBytes: number): number {
  return source.sizeBytes === 0 ? 1 : Math.max(1, databaseBytes / source.sizeBytes);
}

const seconds = (count: number) => `${Math.round(count)} s`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
