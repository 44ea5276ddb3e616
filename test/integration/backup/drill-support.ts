import { execFileSync } from 'node:child_process';
import { RDSClient } from '@aws-sdk/client-rds';
import type { DumpDrillRequest } from '../../../core/backup/drill/dump-drill';
import { BUCKET } from './dump-support';

/** What can be told to another process. */
export type DrillJob = Pick<
  DumpDrillRequest,
  'bucket' | 'database' | 'path' | 'temporaryFolder' | 'programFolders' | 'backup' | 'smokeSql' | 'jobs'
>;

export function drillJob(job: Partial<DrillJob> & Pick<DrillJob, 'database' | 'path'>): DrillJob {
  return { bucket: BUCKET, ...job };
}

/** An RDS that nobody reaches: a drill of a dump needs none. */
export function noRds(): RDSClient {
  return new RDSClient({
    endpoint: 'http://localhost:1',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

/** The command lines of this machine's processes that hold the text. */
export function processesWith(text: string): string[] {
  return execFileSync('ps', ['-axww', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text));
}
