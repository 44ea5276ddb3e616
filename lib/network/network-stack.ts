import { Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { acknowledge } from '../shared/acknowledge';
import { platformSettings } from '../shared/platform-settings';
import { DATA_SUBNETS, EGRESS_SUBNETS } from './subnets';

export interface NetworkStackProps extends StackProps {
  readonly config: EnvironmentConfig;
}

/** The VPC: public subnets, subnets with a way out where there is NAT, and isolated ones for data. */
export class NetworkStack extends Stack {
  readonly vpc: ec2.IVpc;
  private readonly zones: readonly string[];

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    this.zones = props.config.zones;
    // aws-cdk-lib's own types do not hold under exactOptionalPropertyTypes.
    this.vpc = this.makeVpc(props.config) as ec2.IVpc;
    acknowledge(
      this.vpc,
      'CloudFormation-Validate',
      'W3010',
      'Zones are named in the configuration, because looking them up takes credentials.',
    );
    this.addEndpoints(props.config);
    this.addFlowLogs(props.config);
  }

  /** From the configuration: otherwise CDK looks them up in the account, and synthesis needs credentials. */
  override get availabilityZones(): string[] {
    return [...this.zones];
  }

  private makeVpc({ network, zones }: EnvironmentConfig): ec2.Vpc {
    // Sixteen equal blocks: three kinds of subnet in three zones take nine. Room is kept for a third zone, and
    // the kind that may come and go stands last, because a subnet whose block moves is replaced with all in it.
    const cidrMask = Number(network.cidr.split('/')[1]) + 4;
    return new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(network.cidr),
      availabilityZones: [...zones],
      reservedAzs: 3 - zones.length,
      natGateways: { none: 0, single: 1, 'per-zone': zones.length }[network.nat],
      // Emptying the default group takes a custom resource with a function that is not ours; instead nothing
      // uses that group, and a guard test keeps it so.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask, mapPublicIpOnLaunch: false },
        { ...DATA_SUBNETS, name: 'Data', cidrMask },
        ...(network.nat === 'none' ? [] : [{ ...EGRESS_SUBNETS, name: 'Egress', cidrMask }]),
      ],
      // Free, and without it a dump's bytes to S3 would be paid for at the NAT gateway.
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
  }

  private addEndpoints({ network }: EnvironmentConfig): void {
    if (network.interfaceEndpoints.length === 0) return;
    const securityGroup = new ec2.SecurityGroup(this, 'EndpointSecurityGroup', {
      vpc: this.vpc,
      description: 'HTTPS from inside the VPC to AWS services',
      allowAllOutbound: false,
    });
    securityGroup.addIngressRule(ec2.Peer.ipv4(network.cidr), ec2.Port.HTTPS, 'HTTPS from the VPC');
    for (const name of network.interfaceEndpoints) {
      this.vpc.addInterfaceEndpoint(`Endpoint-${name}`, {
        service: new ec2.InterfaceVpcEndpointAwsService(name),
        subnets: DATA_SUBNETS,
        securityGroups: [securityGroup],
        open: false,
      });
    }
  }

  private addFlowLogs(config: EnvironmentConfig): void {
    if (!config.network.flowLogs) {
      acknowledge(
        this.vpc,
        'AwsSolutions',
        'AwsSolutions-VPC7',
        'This environment is configured without flow logs.',
      );
      return;
    }
    const logGroup = new LogGroup(this, 'FlowLogs', {
      retention: config.network.flowLogs.retentionDays,
      removalPolicy: platformSettings(config).removalPolicy,
    });
    this.vpc.addFlowLog('FlowLog', { destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup) });
  }
}
