import { drillDump } from '../../../core/backup/drill/dump-drill';
import type { StageName } from '../../../core/backup/drill';
import { noRds, type DrillJob } from './drill-support';
import { s3At } from './dump-support';

/** What a test tells the process that it wants killed. */
export interface DrillChildJob extends DrillJob {
  readonly s3Endpoint: string;
  /** When this stage begins the process says so, and goes on until it is killed. */
  readonly tellAt: StageName;
}

process.on('message', ({ s3Endpoint, tellAt, ...job }: DrillChildJob) => {
  void drillDump({
    ...job,
    s3: s3At(s3Endpoint),
    rds: noRds(),
    now: () => new Date(),
    scrub: (text) => text,
    onProgress: ({ stage, state }) => {
      if (stage === tellAt && state === 'began') process.send?.('there');
    },
  }).then(
    ({ part }) => process.send?.(part, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
