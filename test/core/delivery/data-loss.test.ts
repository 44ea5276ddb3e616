import { database, diffOf, findingsOf, inShort, pair, subnets } from './pairs';

const Subnets = subnets();

describe('a database is said to be replaced', () => {
  test.each<readonly [string, object, string]>([
    ['by a property that cannot be changed in place', { DBName: 'other' }, 'replaces Db'],
    ['by another snapshot that it comes from', { DBSnapshotIdentifier: 'snap' }, 'replaces Db'],
    ['by another key', { KmsKeyId: 'other' }, 'replaces Db'],
    ['perhaps, where only CloudFormation knows', { Engine: 'aurora' }, 'may-replace Db'],
  ])('%s', (_why, change, expected) => {
    expect(inShort(findingsOf({ Db: database(), Subnets }, { Db: database(change), Subnets }))).toContain(
      expected,
    );
  });

  test('because its subnet group is replaced, though not a letter of its own changes (aws-cdk#31426)', () => {
    const [finding, ...more] = findingsOf(
      { Db: database(), Subnets },
      { Db: database(), Subnets: subnets({ DBSubnetGroupName: 'another' }) },
    );
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'replaces',
      logicalId: 'Db',
      because: [
        'DBSubnetGroupName cannot be changed in place, and names prod-Database/Subnets, which is replaced',
      ],
    });
  });

  test('perhaps, because its subnet group has other subnets', () => {
    const found = findingsOf(
      { Db: database(), Subnets },
      { Db: database(), Subnets: subnets({ SubnetIds: ['subnet-2'] }) },
    );
    expect(inShort(found)).toEqual(['may-replace Db']);
  });

  test('because of a resource of another stack, by way of an export, over several steps', () => {
    const network = (CidrBlock: string) => ({
      Resources: {
        Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock } },
        Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.0.0.0/24' } },
      },
      Outputs: { Out: { Value: { Ref: 'Subnet' }, Export: { Name: 'prod-Network:Subnet' } } },
    });
    const db = {
      Resources: {
        Db: database(),
        Subnets: subnets({ SubnetIds: [{ 'Fn::ImportValue': 'prod-Network:Subnet' }] }),
      },
    };
    const { findings, stacks } = diffOf(
      pair(network('10.0.0.0/16'), network('10.1.0.0/16'), { name: 'prod-Network' }),
      pair(db, db),
    );
    expect(inShort(findings)).toEqual(['may-replace Db']);
    expect(
      stacks[0]?.touched.map(({ change, replacement }) => [change.logicalId, replacement?.verdict]),
    ).toEqual([
      ['Vpc', 'yes'],
      ['Subnet', 'yes'],
    ]);
  });

  test('perhaps, when a value of another stack is asked for in another way (aws-cdk#38829)', () => {
    const strong = { DBSubnetGroupName: { 'Fn::ImportValue': 'x' } };
    const weak = {
      DBSubnetGroupName: { 'Fn::GetStackOutput': { StackName: 'prod-Network', OutputName: 'x' } },
    };
    expect(inShort(findingsOf({ Db: database(strong) }, { Db: database(weak) }))).toEqual(['may-replace Db']);
  });

  test('because what it names has another type under the same id', () => {
    const key = (Type: string) => ({ Type, Properties: {} });
    const Db = database({ KmsKeyId: { Ref: 'Key' } });
    const found = inShort(
      findingsOf(
        { Db, Subnets, Key: key('AWS::KMS::Key') },
        { Db, Subnets, Key: key('AWS::KMS::ReplicaKey') },
      ),
    );
    expect(found).toEqual(expect.arrayContaining(['replaces Db', 'deletes Key']));
  });

  test('in a circle of references, without going round for ever', () => {
    const one = { Type: 'AWS::S3::Bucket', Properties: { BucketName: { Ref: 'Two' } } };
    const two = (name: object) => ({
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: { Ref: 'One' }, ...name },
    });
    const found = findingsOf({ One: one, Two: two({}) }, { One: one, Two: two({ BucketName: 'new' }) });
    expect(inShort(found)).toEqual(['replaces One', 'replaces Two']);
  });
});

describe('nothing is said of', () => {
  test.each<readonly [string, object]>([
    ['another size', { DBInstanceClass: 'db.r8g.xlarge' }],
    ['a standby', { MultiAZ: true }],
    ['another parameter group', { DBParameterGroupName: 'other' }],
    ['more days of backups', { BackupRetentionPeriod: '35' }],
  ])('%s', (_what, change) => {
    expect(findingsOf({ Db: database(), Subnets }, { Db: database(change), Subnets })).toEqual([]);
  });

  test('the same template, or one with another construct path', () => {
    const moved = database({}, { Metadata: { 'aws:cdk:path': 'prod/Database/Elsewhere/Resource' } });
    expect(findingsOf({ Db: database(), Subnets }, { Db: moved, Subnets })).toEqual([]);
  });
});

describe('a resource that leaves', () => {
  test('is a deletion, also when a new one looks like a move', () => {
    const [finding] = findingsOf({ Db: database(), Subnets }, { NewDb: database(), Subnets });
    expect(finding).toMatchObject({ kind: 'deletes', logicalId: 'Db' });
    expect(finding?.because[0]).toMatch(
      /prod-Database gets a new one, NewDb.*this is no move, the new one is empty/,
    );
  });

  test('is none when it goes to another stack', () => {
    const { findings } = diffOf(
      pair({ Resources: { Db: database(), Subnets } }, { Resources: { Subnets } }),
      pair({ Resources: {} }, { Resources: { Db: database() } }, { name: 'prod-Data' }),
    );
    expect(inShort(findings)).toEqual(['deletes Db']);
    expect(findings[0]?.because[0]).toMatch(/^prod-Data gets a new one/);
  });

  test.each<readonly [string, object, RegExp]>([
    ['is kept by its policy, and forgotten', { DeletionPolicy: 'Retain' }, /stays, but no stack knows it/],
    ['leaves a snapshot', { DeletionPolicy: 'Snapshot' }, /a last snapshot of it stays/],
    [
      'takes its backups with it',
      { DeletionPolicy: 'Delete' },
      /is deleted: a database, and all of its automated backups/,
    ],
    ['of RDS without a policy leaves a snapshot', { DeletionPolicy: undefined }, /a last snapshot/],
  ])('%s', (_what, attributes, afterwards) => {
    const Db = database({}, attributes);
    expect(findingsOf({ Db }, {})[0]?.afterwards).toMatch(afterwards);
  });

  test('and whose policy the new template would have mended leaves by the old one', () => {
    const before = { Db: database({ DBName: 'a' }, { UpdateReplacePolicy: 'Delete' }), Subnets };
    const after = { Db: database({ DBName: 'b' }, { UpdateReplacePolicy: 'Retain' }), Subnets };
    expect(findingsOf(before, after)[0]?.afterwards).toMatch(/^the old one is deleted/);
  });

  test.each([
    ['that no longer holds', 'false', 'deletes Db'],
    ['that only the deployment knows', undefined, 'may-delete Db'],
  ])('by a condition %s', (_what, value, expected) => {
    const rest = {
      Parameters: {
        On: value === undefined ? { Type: 'AWS::SSM::Parameter::Value<String>' } : { Type: 'String' },
      },
      Conditions: { IsOn: { 'Fn::Equals': [{ Ref: 'On' }, 'true'] } },
    };
    const found = findingsOf({ Db: database() }, { Db: database({}, { Condition: 'IsOn' }) }, rest, {
      parameters: value === undefined ? {} : { On: value },
    });
    expect(inShort(found)).toEqual([expected]);
  });

  test('is not said to leave by a condition that holds', () => {
    const rest = { Conditions: { Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] } } };
    expect(findingsOf({ Db: database() }, { Db: database({}, { Condition: 'Here' }) }, rest)).toEqual([]);
  });
});

describe('a stack', () => {
  test('that left the app with data in it is told, and nothing in it counts as deleted', () => {
    const { findings, stacks } = diffOf(
      pair({ Resources: { Db: database() } }, undefined),
      pair(undefined, { Resources: { Db: database() } }, { name: 'prod-Data' }),
    );
    expect(inShort(findings)).toEqual(['leaves-behind prod-Database']);
    expect(findings[0]?.because[0]).toMatch(/prod-Data gets a new, empty AWS::RDS::DBInstance/);
    expect(stacks.map(({ state }) => state)).toEqual(['left', 'new']);
  });

  test('that left the app without data is no loss', () => {
    expect(diffOf(pair({ Resources: { Subnets } }, undefined)).findings).toEqual([]);
  });

  test('that is no longer protected is told', () => {
    const template = { Resources: { Subnets } };
    expect(inShort(diffOf(pair(template, template, { protectedThen: false })).findings)).toEqual([
      'unprotects prod-Database',
    ]);
  });
});

const of = (Type: string, Properties: object) => ({
  R: { Type, Properties, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
});
const rules = (...Rules: object[]) => ({ LifecycleConfiguration: { Rules } });
const lock = (Mode: string, Days: number) => ({
  ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode, Days } } },
});

describe('what keeps data is weaker:', () => {
  test.each<readonly [string, string, object, object, RegExp]>([
    [
      'deletion protection',
      'AWS::RDS::DBInstance',
      { DeletionProtection: true },
      { DeletionProtection: false },
      /no longer be protected/,
    ],
    [
      'deletion protection left out',
      'AWS::RDS::DBCluster',
      { DeletionProtection: true },
      {},
      /no longer be protected/,
    ],
    [
      'fewer days of backups',
      'AWS::RDS::DBInstance',
      { BackupRetentionPeriod: 35 },
      { BackupRetentionPeriod: 7 },
      /for 7 days and not 35/,
    ],
    [
      'no backups',
      'AWS::RDS::DBInstance',
      { BackupRetentionPeriod: 35 },
      { BackupRetentionPeriod: 0 },
      /for 0 days/,
    ],
    [
      'days that nobody knows',
      'AWS::RDS::DBInstance',
      { BackupRetentionPeriod: 35 },
      { BackupRetentionPeriod: { Ref: 'X' } },
      /only the deployment knows/,
    ],
    [
      'backups that go with it',
      'AWS::RDS::DBInstance',
      { DeleteAutomatedBackups: false },
      {},
      /lose its automated backups/,
    ],
    [
      'no versions',
      'AWS::S3::Bucket',
      { VersioningConfiguration: { Status: 'Enabled' } },
      { VersioningConfiguration: { Status: 'Suspended' } },
      /keep versions/,
    ],
    [
      'a shorter lock',
      'AWS::S3::Bucket',
      lock('GOVERNANCE', 30),
      lock('GOVERNANCE', 7),
      /for 7 days and not 30/,
    ],
    ['a softer lock', 'AWS::S3::Bucket', lock('COMPLIANCE', 30), lock('GOVERNANCE', 30), /mode GOVERNANCE/],
    ['no lock', 'AWS::S3::Bucket', lock('GOVERNANCE', 30), {}, /no longer lock/],
    [
      'a lifecycle that deletes',
      'AWS::S3::Bucket',
      {},
      rules({ Status: 'Enabled', ExpirationInDays: 30 }),
      /delete objects after 30 days/,
    ],
    [
      'a lifecycle that deletes sooner',
      'AWS::S3::Bucket',
      rules({ Status: 'Enabled', Prefix: 'a/', ExpirationInDays: 30 }),
      rules({ Status: 'Enabled', Prefix: 'a/', ExpirationInDays: 3 }),
      /below a\/ after 3 days and not 30/,
    ],
    [
      'no replica',
      'AWS::S3::Bucket',
      { ReplicationConfiguration: { Rules: [{ Status: 'Enabled' }] } },
      {},
      /no longer be replicated/,
    ],
    [
      'logs for fewer days',
      'AWS::Logs::LogGroup',
      {},
      { RetentionInDays: 14 },
      /for 14 days and not for ever/,
    ],
    ['a key that is disabled', 'AWS::KMS::Key', {}, { Enabled: false }, /nothing that it encrypts/],
    [
      'messages for a shorter time',
      'AWS::SQS::Queue',
      { MessageRetentionPeriod: 1209600 },
      {},
      /345600 seconds/,
    ],
    [
      'no point-in-time recovery',
      'AWS::DynamoDB::Table',
      { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
      {},
      /no point-in-time/,
    ],
    [
      'another secret value',
      'AWS::SecretsManager::Secret',
      { GenerateSecretString: { PasswordLength: 32 } },
      { GenerateSecretString: { PasswordLength: 40 } },
      /would get a new value/,
    ],
  ])('%s', (_what, type, before, after, says) => {
    const found = findingsOf(of(type, before), of(type, after));
    expect(found.map(({ what }) => what).join('\n')).toMatch(says);
    // The other way round it is stronger, and only what writes a value says something.
    const back = findingsOf(of(type, after), of(type, before)).filter(({ what }) => says.test(what));
    expect(back.length > 0).toBe(type === 'AWS::SecretsManager::Secret');
  });

  test.each([
    ['DeletionPolicy', 'Retain', 'Delete'],
    ['DeletionPolicy', 'Snapshot', 'Delete'],
    ['DeletionPolicy', 'Retain', undefined],
    ['UpdateReplacePolicy', 'Retain', 'Snapshot'],
  ])('%s from %s to %s', (name, before, after) => {
    const found = findingsOf(
      { Db: database({}, { [name]: before }) },
      { Db: database({}, { [name]: after }) },
    );
    expect(inShort(found)).toEqual(['unprotects Db']);
    expect(found[0]?.what).toContain(name);
  });
});

test('a newer major version of an engine is one way, and loses nothing', () => {
  const found = findingsOf({ Db: database() }, { Db: database({ EngineVersion: '18.1' }) });
  expect(inShort(found)).toEqual(['one-way Db']);
});

describe('what cannot be known is said:', () => {
  test('nested stacks, conditions, types without a specification, and a stack that is not at rest', () => {
    const resources = (url: string) => ({
      Nested: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: url } },
      Strange: { Type: 'Somebody::Made::This', Properties: { Url: url } },
    });
    const { unknown } = diffOf(
      pair(
        { Resources: resources('a') },
        { Resources: resources('b') },
        { status: 'UPDATE_ROLLBACK_FAILED' },
      ),
    );
    expect(unknown.join('\n')).toMatch(
      /nested stacks Nested.*\n.*Strange can be changed in place is not known.*\n.*UPDATE_ROLLBACK_FAILED/,
    );
  });
});
