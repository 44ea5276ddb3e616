import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { platformSettings, removalPolicies } from '../shared/platform-settings';
import { Cache } from './cache';
import { Postgres } from './postgres';

export interface DatabaseStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
}

/** Everything that holds the product's live data: PostgreSQL and the cache. */
export class DatabaseStack extends Stack {
  readonly postgres: Postgres;
  readonly cache: Cache;

  constructor(scope: Construct, id: string, props: DatabaseStackProps) {
    super(scope, id, props);
    const { config, vpc } = props;
    const platform = platformSettings(config);
    this.postgres = new Postgres(this, 'Postgres', {
      vpc,
      platform,
      database: config.database,
      removalPolicy: removalPolicies(config.dataRemoval).database,
    });
    this.cache = new Cache(this, 'Cache', { vpc, platform, cache: config.cache });
  }
}
