import { takeDump, type DumpRequest } from '../../../core/backup/dump/take-dump';
import { BUCKET, keepLog, s3At } from './dump-support';

/** What a test tells the process that it wants killed. */
export interface DumpChildJob extends Pick<DumpRequest, 'endpoint' | 'path' | 'archive'> {
  readonly s3Endpoint: string;
}

/** Takes one dump, and kills itself when the first part is in the vault, as `kill -9` would. */
process.on('message', ({ s3Endpoint, ...job }: DumpChildJob) => {
  void takeDump({
    ...job,
    s3: s3At(s3Endpoint),
    bucket: BUCKET,
    source: { instanceIdentifier: 'shop', dbiResourceId: 'db-ABC' },
    environment: 'test',
    scheduledFor: new Date('2026-11-22T02:00:00Z'),
    log: keepLog(),
    onProgress: () => process.kill(process.pid, 'SIGKILL'),
  }).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
