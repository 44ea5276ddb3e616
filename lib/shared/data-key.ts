import type { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export interface DataKeyProps {
  /** What the key protects, for whoever reads the list of keys. */
  readonly description: string;
  readonly removalPolicy: RemovalPolicy;
}

/** A customer key that AWS rotates every year. Losing one loses what it protects, so it outlives its stack with it. */
export class DataKey extends Key {
  constructor(scope: Construct, id: string, props: DataKeyProps) {
    super(scope, id, { ...props, enableKeyRotation: true });
  }
}
