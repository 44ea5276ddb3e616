import { Duration, Size, Stack } from 'aws-cdk-lib';
import type { IVpc, SecurityGroup, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import type { z } from 'zod';
import { type Rotation, rotationExpression } from '../config/rotation';
import { grantReadOperations } from '../shared/operations-access';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { rememberRotation } from '../shared/scheduled-jobs';
import { grantRotateSecret, type KeyedSecret } from '../shared/secret-access';

/** Where a function must stand to reach the database. */
export interface DatabaseReach {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: SecurityGroup[];
}

export interface RotatedSecretProps<Contract extends z.ZodObject> {
  readonly platform: PlatformSettings;
  readonly secret: KeyedSecret;
  /** The function's folder, below `lambdas/secrets/`. */
  readonly functionName: string;
  readonly contract: Contract;
  readonly environment: NoInfer<z.input<Contract>>;
  readonly rotation: Rotation;
  /** @default the function stands outside the VPC */
  readonly reach?: DatabaseReach | undefined;
  /** For one step. @default 2 minutes */
  readonly timeout?: Duration;
  /** Whether deploying rotates: only where the first value is none that anybody could use. @default false */
  readonly isRotatedAtOnce?: boolean;
  /** Whether its values are passwords. @default false */
  readonly makesPasswords?: boolean;
}

/**
 * A secret's rotation: one function that serves this secret alone, and when it runs.
 *
 * Secrets Manager asks for the next step only when the one before has been answered, and tries a failed rotation again
 * by itself, so there is no queue for what fails; a rotation that does not end is an alarm of the monitor's.
 */
export class RotatedSecret<Contract extends z.ZodObject> extends Construct {
  readonly function: PlatformFunction<Contract>;
  private readonly schedule: CfnRotationSchedule;

  constructor(scope: Construct, id: string, props: RotatedSecretProps<Contract>) {
    super(scope, id);
    const { platform, secret, rotation } = props;
    this.function = new PlatformFunction(this, 'Function', {
      platform,
      source: { capability: 'secrets', name: props.functionName },
      packaging: 'zip',
      contract: props.contract,
      environment: props.environment,
      timeout: props.timeout ?? Duration.minutes(2),
      memory: Size.mebibytes(512),
      // Two at a time would be two rotations of one secret, of which the service knows one.
      reservedConcurrentExecutions: 1,
      ...props.reach,
    });
    grantRotateSecret(this.function, secret);
    // Where its records go; the right to put them there is the Backup stack's to give.
    grantReadOperations(this.function, platform.environmentName);
    if (props.makesPasswords) {
      this.function.grantPrincipal.addToPrincipalPolicy(
        // It makes text and reads nothing, so it has no resource to name.
        new PolicyStatement({ actions: ['secretsmanager:GetRandomPassword'], resources: ['*'] }),
      );
    }
    // With the secret's ARN: no other secret, and nobody else's Secrets Manager, has this function at its service.
    const permission = 'SecretsManager';
    this.function.function.addPermission(permission, {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: secret.secretArn,
    });
    this.function.reportToMonitor();
    rememberRotation(this, { label: `secrets-${props.functionName}`, rotation });
    // The L2 takes no window and no cron.
    this.schedule = new CfnRotationSchedule(this, 'Schedule', {
      secretId: secret.secretArn,
      rotationLambdaArn: this.function.function.functionArn,
      rotationRules: {
        scheduleExpression: rotationExpression(rotation),
        duration: `${rotation.windowHours}h`,
      },
      rotateImmediatelyOnUpdate: props.isRotatedAtOnce ?? false,
    });
    // A schedule that is made is tried at once, by the function's testSecret, which needs its way to the database.
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
    this.schedule.node.addDependency(
      this.function.function.node.findChild(permission),
      ...(props.reach?.securityGroups ?? []),
    );
  }

  /** What the function runs as. */
  get role(): IRole {
    return this.function.function.role as IRole;
  }

  /** Makes the schedule, and so its first run, wait for something that the function needs. */
  runsAfter(...dependencies: IDependable[]): void {
    this.schedule.node.addDependency(...dependencies);
  }
}
