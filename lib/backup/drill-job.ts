import { Duration } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import type { PlatformSettings } from '../shared/platform-settings';
import type { OperationsTask } from './operations-task';
import { TaskJob } from './task-job';

export interface DrillJobProps {
  readonly platform: PlatformSettings;
  readonly postgres: Postgres;
  readonly task: OperationsTask;
  readonly drill: NonNullable<EnvironmentConfig['backup']['drill']>;
  readonly failureQueue: IQueue;
}

/** Restores the newest backup on schedule, and throws it away: the only proof that one can be restored. */
export class DrillJob extends Construct {
  readonly job: TaskJob;

  constructor(scope: Construct, id: string, props: DrillJobProps) {
    super(scope, id);
    const { platform, task, drill, failureQueue } = props;
    this.job = new TaskJob(this, 'Drill', {
      platform,
      task,
      failureQueue,
      label: 'backup-drill',
      command: ['drill', '--json', ...(drill.snapshot ? ['--snapshot'] : [])],
      // A snapshot's instance alone takes up to an hour to come and to go.
      timeout: Duration.hours(6),
    });
    this.job.runOn(drill.schedule);
  }
}
