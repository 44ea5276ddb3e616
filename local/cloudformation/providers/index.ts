import type { Provider } from '../provider';
import { cacheUserGroupProvider, cacheUserProvider, replicationGroupProvider } from './cache';
import { customResourceProvider } from './custom-resource';
import { databaseInstanceProvider, parameterGroupProvider } from './database';
import { queueProvider, ruleProvider } from './events';
import { functionProvider, invokeConfigProvider, permissionProvider } from './functions';
import {
  listenerProvider,
  listenerRuleProvider,
  loadBalancerProvider,
  targetGroupProvider,
} from './load-balancing';
import { migrationsProvider } from './migrations';
import { modelledProviders } from './modelled';
import { parameterProvider } from './parameters';
import { rotationScheduleProvider, secretPolicyProvider } from './rotation';
import { secretAttachmentProvider, secretProvider } from './secrets';
import { stateMachineProvider } from './state-machine';
import { serviceProvider, taskDefinitionProvider } from './services';
import { bucketProvider, keyAliasProvider, keyProvider } from './storage';

/** Every resource type that the local platform knows. A type that is not here is refused. */
export const PROVIDERS: Readonly<Record<string, Provider>> = {
  ...modelledProviders,
  'AWS::CloudFormation::CustomResource': customResourceProvider,
  'AWS::ECS::Service': serviceProvider,
  'AWS::ECS::TaskDefinition': taskDefinitionProvider,
  'AWS::ElastiCache::ReplicationGroup': replicationGroupProvider,
  'AWS::ElastiCache::User': cacheUserProvider,
  'AWS::ElastiCache::UserGroup': cacheUserGroupProvider,
  'AWS::ElasticLoadBalancingV2::Listener': listenerProvider,
  'AWS::ElasticLoadBalancingV2::ListenerRule': listenerRuleProvider,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': loadBalancerProvider,
  'AWS::ElasticLoadBalancingV2::TargetGroup': targetGroupProvider,
  'AWS::Events::Rule': ruleProvider,
  'AWS::KMS::Alias': keyAliasProvider,
  'AWS::KMS::Key': keyProvider,
  'AWS::Lambda::EventInvokeConfig': invokeConfigProvider,
  'AWS::Lambda::Function': functionProvider,
  'AWS::Lambda::Permission': permissionProvider,
  'AWS::RDS::DBInstance': databaseInstanceProvider,
  'AWS::RDS::DBParameterGroup': parameterGroupProvider,
  'AWS::S3::Bucket': bucketProvider,
  'AWS::SQS::Queue': queueProvider,
  'AWS::SSM::Parameter': parameterProvider,
  'AWS::SecretsManager::ResourcePolicy': secretPolicyProvider,
  'AWS::SecretsManager::RotationSchedule': rotationScheduleProvider,
  'AWS::SecretsManager::Secret': secretProvider,
  'AWS::SecretsManager::SecretTargetAttachment': secretAttachmentProvider,
  'AWS::StepFunctions::StateMachine': stateMachineProvider,
  'Custom::ChatLogs': customResourceProvider,
  'Custom::DatabaseRoles': customResourceProvider,
  'Custom::Migrations': migrationsProvider,
};
