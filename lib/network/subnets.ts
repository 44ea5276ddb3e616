import { SubnetType } from 'aws-cdk-lib/aws-ec2';

/** For what holds data: no way out and none in. */
export const DATA_SUBNETS = { subnetType: SubnetType.PRIVATE_ISOLATED } as const;

/** For what calls the internet: there only where the network has NAT. */
export const EGRESS_SUBNETS = { subnetType: SubnetType.PRIVATE_WITH_EGRESS } as const;

/** For what the internet reaches, and what must reach it where there is no NAT. */
export const PUBLIC_SUBNETS = { subnetType: SubnetType.PUBLIC } as const;

/** By the configuration's word. */
export const SUBNETS = { egress: EGRESS_SUBNETS, isolated: DATA_SUBNETS, public: PUBLIC_SUBNETS } as const;
