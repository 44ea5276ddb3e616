/**
 * Rules that every template of ours keeps. Each takes a template and gives what breaks it, as
 * `<logical id>: <what>`; `guards.test.ts` shows each one fail on a bad fixture.
 */
export interface CfnTemplate {
  readonly Resources: Record<
    string,
    { readonly Type: string; readonly Properties?: Record<string, unknown> }
  >;
}

export type Guard = (template: CfnTemplate) => string[];

type Properties = Record<string, unknown>;

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | string[];
  readonly Resource?: unknown;
  readonly Condition?: object;
}

const resourcesOf = (template: CfnTemplate, type: string): [id: string, properties: Properties][] =>
  Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => [id, resource.Properties ?? {}]);

/** Graviton is a fifth cheaper, and an image built for one machine does not start on the other. */
const everyFunctionIsArm64: Guard = (template) =>
  resourcesOf(template, 'AWS::Lambda::Function')
    .filter(([, properties]) => JSON.stringify(properties['Architectures']) !== '["arm64"]')
    .map(([id]) => `${id}: is not arm64`);

/** A function without a trace is a gap in every trace that passes through it. */
const everyFunctionIsTraced: Guard = (template) =>
  resourcesOf(template, 'AWS::Lambda::Function')
    .filter(
      ([, properties]) => (properties['TracingConfig'] as Properties | undefined)?.['Mode'] !== 'Active',
    )
    .map(([id]) => `${id}: is not traced`);

interface Container {
  readonly Name?: string;
  readonly User?: string;
  readonly ReadonlyRootFilesystem?: boolean;
  readonly LinuxParameters?: { readonly Capabilities?: { readonly Drop?: readonly string[] } };
  readonly LogConfiguration?: object;
}

/** What each container of each task definition says. */
const eachContainer = (find: (container: Container) => string | undefined): Guard => {
  return (template) =>
    resourcesOf(template, 'AWS::ECS::TaskDefinition').flatMap(([id, properties]) =>
      ((properties['ContainerDefinitions'] ?? []) as Container[]).flatMap((container) => {
        const finding = find(container);
        return finding === undefined ? [] : [`${id}: the container ${container.Name} ${finding}`];
      }),
    );
};

/** Graviton, as with functions: an image for one machine does not start on the other. */
const everyTaskIsArm64: Guard = (template) =>
  resourcesOf(template, 'AWS::ECS::TaskDefinition')
    .filter(
      ([, properties]) =>
        (properties['RuntimePlatform'] as Properties | undefined)?.['CpuArchitecture'] !== 'ARM64',
    )
    .map(([id]) => `${id}: is not arm64`);

/** Who breaks out of a process should find nothing: no root, nothing to write to, no capability. */
const noContainerIsRoot = eachContainer(({ User = '' }) =>
  /^[1-9]\d*(:[1-9]\d*)?$/.test(User) ? undefined : 'may be root: name its user by number',
);
const everyRootIsReadOnly = eachContainer(({ ReadonlyRootFilesystem }) =>
  ReadonlyRootFilesystem === true ? undefined : 'writes to its root',
);
const everyCapabilityIsDropped = eachContainer(({ LinuxParameters }) =>
  JSON.stringify(LinuxParameters?.Capabilities?.Drop) === '["ALL"]' ? undefined : 'keeps capabilities',
);
const everyContainerLogs = eachContainer(({ LogConfiguration }) =>
  LogConfiguration === undefined ? 'says nothing to anybody' : undefined,
);

/** What RegisterTaskDefinition takes, and only a deployment would tell. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html */
const TASK_DEFINITION_BYTES = 64 * 1024;

/** ARNs and names that are settled at deployment are longer than what refers to them: a reference is counted as this much. */
const REFERENCE_BYTES = 200;

const everyTaskDefinitionFits: Guard = (template) =>
  resourcesOf(template, 'AWS::ECS::TaskDefinition').flatMap(([id, properties]) => {
    const text = JSON.stringify(properties);
    const references = text.match(/"(Ref|Fn::GetAtt|Fn::ImportValue)":/g)?.length ?? 0;
    const bytes = Buffer.byteLength(text) + references * REFERENCE_BYTES;
    return bytes < TASK_DEFINITION_BYTES
      ? []
      : [`${id}: has ${bytes} bytes, and ECS takes ${TASK_DEFINITION_BYTES}`];
  });

/** Lambda's own log group keeps everything for ever. */
const everyFunctionLogsToItsOwnGroup: Guard = (template) =>
  resourcesOf(template, 'AWS::Lambda::Function')
    .filter(([, properties]) => {
      const group = (properties['LoggingConfig'] as Properties | undefined)?.['LogGroup'] as
        Properties | undefined;
      return template.Resources[String(group?.['Ref'])]?.Type !== 'AWS::Logs::LogGroup';
    })
    .map(([id]) => `${id}: has no log group of its own`);

const everyLogGroupHasRetention: Guard = (template) =>
  resourcesOf(template, 'AWS::Logs::LogGroup')
    .filter(([, properties]) => typeof properties['RetentionInDays'] !== 'number')
    .map(([id]) => `${id}: keeps its logs for ever`);

/** These have no resource to name, or only read the names of things. */
const NEED_NO_RESOURCE = new Set([
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'rds:DescribeDBInstances',
  'rds:DescribeDBSnapshots',
  'rds:DescribeAccountAttributes',
  'rds:DescribeDBInstanceAutomatedBackups',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutSpans',
  'xray:PutSpansForIndexing',
  'ecr:GetAuthorizationToken',
  // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
  'secretsmanager:GetRandomPassword',
  'ecs:ListClusters',
  'ecs:DescribeClusters',
  'ecs:ListServices',
  'ecs:DescribeServices',
  'ecs:DescribeTaskDefinition',
  'cloudwatch:GetMetricData',
]);

/** The wildcards that a prefix narrows, each to what the job writes itself. */
const NARROWED_BY_PREFIX = [
  /^arn:aws:rds:[a-z0-9-]+:\d{12}:snapshot:golive-[a-z0-9-]+-\*$/,
  /^arn:aws:rds:[a-z0-9-]+:\d{12}:db:golive-[a-z0-9-]+-(restore|replaced|drill)-\*$/,
  /\/(dumps|drills|audit|status|leases)\/\*$/,
  // What is of one cluster, whose name is settled at deployment.
  /^arn:aws:ecs:[a-z0-9-]+:\d{12}:service(-deployment|-revision)?\/\/\*$/,
  // The stacks of one environment, whose ids CloudFormation gives, and its cluster.
  /^arn:aws:cloudformation:[a-z0-9-]+:\d{12}:stack\/[a-z][a-z0-9-]*-\*\/\*$/,
  /^arn:aws:ecs:[a-z0-9-]+:\d{12}:service(-deployment|-revision)?\/[a-z][a-z0-9-]*-Services-\*\/\*$/,
  // The executions of one state machine, whose name is settled at deployment.
  /^arn:aws:states:[a-z0-9-]+:\d{12}:execution::\*$/,
];

/** A wildcard is narrowed by a condition or a prefix, or its actions take no resource; keys' own policies aside. */
const noWildcardWithoutCondition: Guard = (template) =>
  ['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => resourcesOf(template, type))
    .flatMap(([id, properties]) =>
      statementsIn(properties)
        .filter(({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined)
        .flatMap((statement) => wildcardsOf(statement).map((wildcard) => `${id}: allows ${wildcard}`)),
    );

function statementsIn(properties: Properties): Statement[] {
  const documents = [
    properties['PolicyDocument'],
    ...((properties['Policies'] as Properties[] | undefined) ?? []).map((policy) => policy['PolicyDocument']),
  ];
  return documents.flatMap(
    (document) => ((document as Properties | undefined)?.['Statement'] ?? []) as Statement[],
  );
}

function wildcardsOf({ Action, Resource }: Statement): string[] {
  const actions = [Action ?? []].flat();
  const wideActions = actions.filter((action) => action.includes('*'));
  if (actions.every((action) => NEED_NO_RESOURCE.has(action))) return wideActions;
  const wideResources = [Resource ?? []]
    .flat()
    .map(textOf)
    .filter(
      (resource) => resource.includes('*') && !NARROWED_BY_PREFIX.some((prefix) => prefix.test(resource)),
    );
  return [...wideActions, ...wideResources];
}

/** A resource as text, with what is settled at deployment left out. */
function textOf(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const join = (resource as Properties)['Fn::Join'] as [string, unknown[]] | undefined;
  return join ? join[1].map((part) => (typeof part === 'string' ? part : '')).join(join[0]) : '';
}

const SECRET_NAME = /password|passwd|secretstring|authtoken|apikey|privatekey/i;
const REFERENCE = /^\{\{resolve:(secretsmanager|ssm-secure):/;

/** What stands where nobody has put a secret yet: nothing, or what a key ring without keys is for. */
const PLACEHOLDER = /^\{\}$|^\{"ringVersion":0,"purpose":"(jwt|data)","algorithm":"(EdDSA|ES256|A256GCM)"\}$/;

/** A secret's value is a dynamic reference, never text. */
const noPlaintextSecret: Guard = (template) =>
  Object.entries(template.Resources).flatMap(([id, { Properties: properties }]) =>
    secretsIn(properties ?? {}).map((path) => `${id}: has a secret in plain text at ${path}`),
  );

function secretsIn(value: unknown, path = '', isSecret = false): string[] {
  if (typeof value === 'string')
    return isSecret && !REFERENCE.test(value) && !PLACEHOLDER.test(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  const join = (value as Properties)['Fn::Join'] as [string, unknown[]] | undefined;
  if (join) return secretsIn(String(join[1][0]), path, isSecret);
  if ('Ref' in value || 'Fn::GetAtt' in value) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    // Rules about a secret to come, and names of secrets, are no secrets.
    const named =
      (SECRET_NAME.test(key) && !/Arn$|Template$|Length$|Name$|_ARN$|AuthParameters$/.test(key)) ||
      // A parameter that EventBridge is told to keep.
      (key === 'Value' && (value as Properties)['IsValueSecret'] === true);
    return key === 'GenerateSecretString'
      ? []
      : secretsIn(part, path ? `${path}.${key}` : key, isSecret || named);
  });
}

/** Nothing uses a VPC's default security group, which lets its members talk to each other. */
const nothingInTheDefaultSecurityGroup: Guard = (template) =>
  Object.entries(template.Resources)
    .filter(([, resource]) => JSON.stringify(resource).includes('DefaultSecurityGroup'))
    .map(([id]) => `${id}: uses the default security group`);

/** Data leaves only as its environment says; a resource with no policy leaves with its stack. */
const everyDataResourceHasPolicies: Guard = (template) =>
  Object.entries(template.Resources)
    .filter(([, { Type }]) => HOLDS_DATA.has(Type))
    .filter(([, resource]) => !('DeletionPolicy' in resource) || !('UpdateReplacePolicy' in resource))
    .map(([id]) => `${id}: has no explicit removal policy`);

/** What loses data when it is deleted or replaced. */
export const HOLDS_DATA = new Set([
  'AWS::RDS::DBInstance',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::SQS::Queue',
  'AWS::Logs::LogGroup',
]);

export const GUARDS = {
  everyFunctionIsArm64,
  everyFunctionIsTraced,
  everyTaskIsArm64,
  noContainerIsRoot,
  everyRootIsReadOnly,
  everyCapabilityIsDropped,
  everyContainerLogs,
  everyTaskDefinitionFits,
  everyFunctionLogsToItsOwnGroup,
  everyLogGroupHasRetention,
  noWildcardWithoutCondition,
  noPlaintextSecret,
  nothingInTheDefaultSecurityGroup,
  everyDataResourceHasPolicies,
} satisfies Record<string, Guard>;
