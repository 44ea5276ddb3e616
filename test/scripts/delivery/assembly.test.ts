import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareAll } from '../../../scripts/delivery/compare';
import { environmentsOf, readStacks } from '../../../scripts/delivery/assembly';
import { deliveryPlans } from '../../../scripts/delivery/plan';
import { loadEnvironments } from '../../../lib/config';
import { spec } from '../../core/delivery/pairs';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'golive-assembly-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, value: unknown) => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(value));
};
const stage = (directoryName = 'assembly-prod') => ({
  artifacts: {
    'assembly-prod': { type: 'cdk:cloud-assembly', properties: { displayName: 'prod', directoryName } },
  },
});
const stack = (name: string, dependencies: string[] = [], properties: object = {}) => ({
  type: 'aws:cloudformation:stack',
  environment: 'aws://333333333333/eu-central-1',
  displayName: `prod/${name}`,
  dependencies,
  properties: {
    templateFile: `${name}.template.json`,
    stackName: `prod-${name}`,
    terminationProtection: true,
    ...properties,
  },
});

function assembly(artifacts: object): void {
  write('manifest.json', stage());
  write('assembly-prod/manifest.json', { artifacts });
  for (const name of ['A', 'B']) write(`assembly-prod/${name}.template.json`, { Resources: {} });
}

describe('an assembly', () => {
  test('gives its stacks in the order of deployment, as `cdk deploy` selects them', () => {
    assembly({
      a: stack('A', ['b', 'a.assets']),
      b: stack('B'),
      'a.assets': { type: 'cdk:asset-manifest', properties: {} },
    });
    expect(readStacks(folder, 'prod').map(({ id, name, region }) => [id, name, region])).toEqual([
      ['prod/B', 'prod-B', 'eu-central-1'],
      ['prod/A', 'prod-A', 'eu-central-1'],
    ]);
  });

  test.each(['../secret.json', '/etc/passwd', 'sub/x.json', '.env'])(
    'of a pull request reads nothing beside its templates: %s',
    (templateFile) => {
      assembly({ a: stack('A', [], { templateFile }) });
      expect(() => readStacks(folder, 'prod')).toThrow(/a name, with no folder in it/);
    },
  );

  test('nor leads out of its folder', () => {
    write('manifest.json', stage('../elsewhere'));
    expect(() => environmentsOf(folder)).toThrow(/no folder in it/);
  });

  test('that is none is refused in words', () => {
    expect(() => readStacks(folder, 'prod')).toThrow(/synthesise again/);
    assembly({ a: { ...stack('A'), environment: 'aws://unknown-account/unknown-region' } });
    expect(() => readStacks(folder, 'prod')).toThrow(/an account and a region/);
  });
});

describe('a comparison of all environments', () => {
  const deployed = (environment: string, stacks: object[] = []) =>
    write(`deployed/${environment}.json`, { v: 1, environment, readAt: '2026-11-30T00:00:00Z', stacks });
  const compare = (environments: string[]) =>
    compareAll({ assembly: folder, deployed: join(folder, 'deployed'), environments, spec: spec() });

  test('tells of one that was not read, and compares the others', () => {
    assembly({ a: stack('A') });
    deployed('prod');
    const { diffs, notCompared } = compare(['prod', 'staging']);
    expect(diffs.map(({ environment }) => environment)).toEqual(['prod']);
    expect(notCompared).toEqual([
      { environment: 'staging', reason: expect.stringMatching(/its account was not read/) as string },
    ]);
  });

  test('sees that an environment leaves the app with all its data', () => {
    write('manifest.json', { artifacts: {} });
    const template = { Resources: { B: { Type: 'AWS::S3::Bucket' } } };
    deployed('prod', [
      {
        name: 'prod-A',
        account: '333333333333',
        region: 'eu-central-1',
        status: 'CREATE_COMPLETE',
        terminationProtection: true,
        parameters: {},
        template,
      },
    ]);
    expect(compare(['prod']).diffs[0]?.findings.map(({ kind }) => kind)).toEqual(['leaves-behind']);
  });

  test('takes a stack of another account for another stack', () => {
    assembly({ a: stack('A') });
    deployed('prod', [
      {
        name: 'prod-A',
        account: '999999999999',
        region: 'eu-central-1',
        status: 'CREATE_COMPLETE',
        terminationProtection: true,
        parameters: {},
        template: { Resources: {} },
      },
    ]);
    expect(compare(['prod']).diffs[0]?.stacks.map(({ state }) => state)).toEqual(['new', 'left']);
  });
});

describe('the plan for workflows', () => {
  test('names roles that no look-up is needed for, and leaves out what nobody delivers', () => {
    const plans = deliveryPlans(loadEnvironments(), 'my-company/golive');
    expect(plans.map(({ environment }) => environment)).toEqual(['dev', 'staging', 'prod']);
    expect(plans[2]).toMatchObject({
      regions: ['eu-central-1', 'eu-west-1'],
      diffRole: 'arn:aws:iam::333333333333:role/golive-prod-diff',
      deployRole: 'arn:aws:iam::333333333333:role/golive-prod-deploy',
    });
  });

  test('refuses to run in a repository that the roles would not admit', () => {
    expect(() => deliveryPlans(loadEnvironments(), 'somebody/golive')).toThrow(/edit delivery\.repository/);
  });
});
