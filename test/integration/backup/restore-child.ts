import { restoreBeside, type RestoreBesideRequest } from '../../../core/backup/restore/restore-beside';
import { s3At } from './dump-support';

/** What a test tells the process that it wants killed. */
export interface RestoreChildJob extends Omit<
  RestoreBesideRequest,
  's3' | 'safetyBackup' | 'onProgress' | 'signal' | 'now'
> {
  readonly s3Endpoint: string;
  /** At its first sight the process kills itself, as `kill -9` would. */
  readonly killAt: string;
}

process.on('message', ({ s3Endpoint, killAt, ...job }: RestoreChildJob) => {
  void restoreBeside({
    ...job,
    s3: s3At(s3Endpoint),
    safetyBackup: () => Promise.resolve(),
    onProgress: ({ stage }) => {
      if (stage === killAt) process.kill(process.pid, 'SIGKILL');
    },
  }).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
