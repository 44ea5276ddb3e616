import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { SUBNETS } from '../network/subnets';
import type { DatabaseReach } from './rotated-secret';

export interface SecretFunctionsNetworkProps {
  readonly vpc: ec2.IVpc;
  readonly postgres: Postgres;
  readonly subnets: EnvironmentConfig['backup']['dump']['subnets'];
}

/** The way of these functions to PostgreSQL, and to Secrets Manager. */
export class SecretFunctionsNetwork extends Construct {
  readonly reach: DatabaseReach;

  constructor(scope: Construct, id: string, props: SecretFunctionsNetworkProps) {
    super(scope, id);
    const { vpc, postgres, subnets } = props;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Functions of secrets: to PostgreSQL and to AWS services',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(
      ec2.Peer.anyIpv4(),
      ec2.Port.HTTPS,
      'Secrets Manager, and S3 for CloudFormation',
    );
    // The rule that lets it in stands in this stack, so that the Database stack knows nothing of it.
    securityGroup.connections.allowTo(postgres, ec2.Port.tcp(5432), 'The functions of secrets');
    this.reach = { vpc, vpcSubnets: SUBNETS[subnets], securityGroups: [securityGroup] };
  }
}
