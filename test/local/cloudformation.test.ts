import { deployStacks, RefusedResourcesError } from '../../local/cloudformation/deploy';
import type { AssembledStack, Template } from '../../local/cloudformation/assembly';
import {
  conditionHolds,
  resolveValue,
  TemplateError,
  type Scope,
} from '../../local/cloudformation/intrinsics';
import { deploymentOrder } from '../../local/cloudformation/order';
import type { PlatformParts, Provider } from '../../local/cloudformation/provider';
import { PROVIDERS } from '../../local/cloudformation/providers';

function template(parts: Partial<Template> = {}): Template {
  return { Resources: {}, Outputs: {}, Mappings: {}, Conditions: {}, Parameters: {}, ...parts };
}

function resource(type: string, properties: Record<string, unknown> = {}, dependsOn: string[] = []) {
  return { Type: type, Properties: properties, DependsOn: dependsOn, Metadata: {}, Condition: undefined };
}

const scope: Scope = {
  template: template({
    Resources: { Bucket: resource('AWS::S3::Bucket') },
    Mappings: { Runtimes: { 'eu-central-1': { node: 'nodejs24.x' } } },
    Conditions: {
      Yes: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
      No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    },
    Parameters: { Size: { Type: 'Number', Default: 3 }, Asked: { Type: 'String' } },
  }),
  pseudo: { 'AWS::Region': 'eu-central-1', 'AWS::Partition': 'aws' },
  ref: (id) => (id === 'Bucket' ? 'my-bucket' : undefined),
  attribute: (id, name) => (id === 'Bucket' && name === 'Arn' ? 'arn:aws:s3:::my-bucket' : undefined),
  importValue: (name) => (name === 'other:value' ? 'imported' : undefined),
  dynamic: (body) => Promise.resolve(`secret of ${body} $&`),
};

describe("a template's expressions", () => {
  it.each([
    ['Ref of a resource', { Ref: 'Bucket' }, 'my-bucket'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['Ref of a parameter with a default', { Ref: 'Size' }, 3],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::my-bucket'],
    ['Fn::GetAtt with a dot', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::my-bucket'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Bucket' }]] }, 'a-my-bucket'],
    [
      'Fn::Sub',
      { 'Fn::Sub': '${Bucket}/${Bucket.Arn}/${!Literal}/${AWS::Region}' },
      'my-bucket/arn:aws:s3:::my-bucket/${Literal}/eu-central-1',
    ],
    ['Fn::Sub with values', { 'Fn::Sub': ['${Own}!', { Own: { Ref: 'Bucket' } }] }, 'my-bucket!'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Runtimes', { Ref: 'AWS::Region' }, 'node'] }, 'nodejs24.x'],
    ['Fn::ImportValue', { 'Fn::ImportValue': 'other:value' }, 'imported'],
    ['Fn::If, true', { 'Fn::If': ['Yes', 'one', { Ref: 'Missing' }] }, 'one'],
    ['Fn::If, false', { 'Fn::If': ['No', { Ref: 'Missing' }, 'two'] }, 'two'],
    [
      'Fn::And, Fn::Or',
      { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Or': [{ Condition: 'No' }, { Condition: 'Yes' }] }] },
      true,
    ],
    ['Fn::Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    [
      'a dynamic reference, to the letter',
      'x {{resolve:secretsmanager:id}} y',
      'x secret of secretsmanager:id $& y',
    ],
    [
      'a dynamic reference put together',
      { 'Fn::Join': ['', ['{{resolve:', { Ref: 'Bucket' }, '}}']] },
      'secret of my-bucket $&',
    ],
    ['AWS::NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['AWS::NoValue in a list', [1, { Ref: 'AWS::NoValue' }], [1]],
  ])('%s', async (_, expression, value) => {
    expect(await resolveValue(expression, scope)).toEqual(value);
  });

  it.each([
    ['a function that is not known', { 'Fn::Transform': {} }, /Fn::Transform is not known/],
    ['a reference to nothing', { Ref: 'Missing' }, /Missing is neither a resource nor a parameter/],
    [
      'an attribute that a model does not have',
      { 'Fn::GetAtt': ['Bucket', 'WebsiteURL'] },
      /AWS::S3::Bucket\) has no attribute WebsiteURL/,
    ],
    [
      'an export of no stack',
      { 'Fn::ImportValue': 'nobody:nothing' },
      /no deployed stack exports nobody:nothing/,
    ],
    ['a mapping that is not there', { 'Fn::FindInMap': ['Runtimes', 'mars', 'node'] }, /Runtimes.mars.node/],
    ['a parameter without a default', { Ref: 'Asked' }, /Asked has no default/],
    ['an index past the end', { 'Fn::Select': [9, ['a']] }, /no item 9/],
  ])('refuse %s', async (_, expression, message) => {
    await expect(resolveValue(expression, scope)).rejects.toThrow(message);
  });

  it('refuse a condition that is not there', async () => {
    await expect(conditionHolds('Perhaps', scope)).rejects.toThrow(TemplateError);
  });
});

describe('the order of deployment', () => {
  it('makes each resource after what it refers to, in whatever way', () => {
    const order = deploymentOrder(
      template({
        Resources: {
          A: resource('T', { x: { 'Fn::Sub': '${B.Arn}' } }),
          B: resource('T', { x: { 'Fn::Join': ['', [{ Ref: 'C' }]] } }),
          C: resource('T', {}, ['D']),
          D: resource('T', { x: { 'Fn::GetAtt': ['E', 'Arn'] } }),
          E: resource('T'),
        },
      }),
    );
    expect(order).toEqual(['E', 'D', 'C', 'B', 'A']);
  });

  it('names the circle when resources wait for each other', () => {
    const circle = template({
      Resources: { A: resource('T', { x: { Ref: 'B' } }), B: resource('T', {}, ['A']) },
    });
    expect(() => deploymentOrder(circle)).toThrow(/A → B → A/);
  });
});

describe('deploying', () => {
  const parts = { region: 'eu-central-1', account: '123456789012', clients: {} } as unknown as PlatformParts;
  const made: string[] = [];
  const known: Provider = {
    treatment: 'modelled',
    note: 'a thing',
    make: ({ logicalId, properties }) => {
      made.push(`${logicalId} ${JSON.stringify(properties)}`);
      return Promise.resolve({ ref: `ref-${logicalId}` });
    },
  };
  const stack = (name: string, content: Partial<Template>): AssembledStack => ({
    name,
    template: template(content),
    assets: new Map(),
    dockerfiles: new Map(),
  });

  beforeEach(() => (made.length = 0));

  it('refuses a template with an unknown type before anything is made, and names each', async () => {
    const stacks = [
      stack('one', { Resources: { Known: resource('Known::Thing') } }),
      stack('two', { Resources: { Odd: resource('AWS::Quantum::Computer') } }),
    ];
    const refusal = await deployStacks(stacks, { 'Known::Thing': known }, parts).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(RefusedResourcesError);
    expect((refusal as Error).message).toContain('AWS::Quantum::Computer  Odd');
    expect((refusal as RefusedResourcesError).refused).toMatchObject([
      { treatment: 'refused', stack: 'two' },
    ]);
    expect(made).toEqual([]);
  });

  it.each(['constructor', 'toString'])('refuses a type named like an object’s own %s', async (type) => {
    const stacks = [stack('one', { Resources: { Odd: resource(type) } })];
    await expect(deployStacks(stacks, PROVIDERS, parts)).rejects.toThrow(RefusedResourcesError);
  });

  it("passes one stack's exports on to the next, and reports every resource", async () => {
    const first = stack('first', {
      Resources: { Source: resource('Known::Thing') },
      Outputs: { Out: { Value: { Ref: 'Source' }, Export: { Name: 'first:Out' } } },
    });
    const second = stack('second', {
      Resources: { Sink: resource('Known::Thing', { from: { 'Fn::ImportValue': 'first:Out' } }) },
    });
    const reports = await deployStacks([first, second], { 'Known::Thing': known }, parts);
    expect(made).toEqual(['Source {}', 'Sink {"from":"ref-Source"}']);
    expect(reports.map(({ logicalId, treatment }) => [logicalId, treatment])).toEqual([
      ['Source', 'modelled'],
      ['Sink', 'modelled'],
    ]);
  });

  it('says which resource could not be made, and why', async () => {
    const failing: Provider = { ...known, make: () => Promise.reject(new Error('no disk')) };
    const stacks = [stack('one', { Resources: { Known: resource('Known::Thing') } })];
    await expect(deployStacks(stacks, { 'Known::Thing': failing }, parts)).rejects.toThrow(
      'Known (Known::Thing) could not be deployed: no disk',
    );
  });

  it.each([
    ['AWS::KMS::Key', { KeyPolicy: {}, MultiRegion: true }, /MultiRegion of AWS::KMS::Key/],
    ['AWS::SQS::Queue', { FifoQueue: true }, /FifoQueue of AWS::SQS::Queue/],
    ['AWS::S3::Bucket', { WebsiteConfiguration: {} }, /WebsiteConfiguration of AWS::S3::Bucket/],
  ])('refuses a property of %s that would vanish without a word', async (type, properties, message) => {
    const stacks = [stack('one', { Resources: { Thing: resource(type, properties) } })];
    await expect(deployStacks(stacks, PROVIDERS, parts)).rejects.toThrow(message);
  });

  it('has a reason for everything that it only models', () => {
    const silent = Object.entries(PROVIDERS).filter(([, { note }]) => note.trim() === '');
    expect(silent).toEqual([]);
  });
});
