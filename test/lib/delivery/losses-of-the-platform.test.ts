import { compareEnvironment } from '../../../core/delivery/compare-environment';
import { losesData } from '../../../core/delivery/finding';
import type { StackPair } from '../../../core/delivery/stack-pair';
import { parseTemplate } from '../../../core/delivery/template';
import { spec } from '../../core/delivery/pairs';
import { HOLDS_DATA } from '../support/guards';
import { templatesOf } from '../support/synthesis';

interface Json {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown>; DeletionPolicy?: string }>;
}

/** Production as it is, and as a mistake would make it. */
function afterMistake(mistake: (templates: Record<string, Json>) => void) {
  const deployed = Object.fromEntries(
    Object.entries(templatesOf('prod')).flatMap(([name, template]) =>
      template ? [[name, template.toJSON() as Json]] : [],
    ),
  );
  const wanted = structuredClone(deployed);
  mistake(wanted);
  const stacks = Object.keys(deployed).map((name): StackPair => ({
    name: `prod-${name}`,
    account: '333333333333',
    region: name === 'Recovery' ? 'eu-west-1' : 'eu-central-1',
    deployed: {
      template: parseTemplate(name, JSON.stringify(deployed[name])),
      terminationProtection: true,
      parameters: {},
      status: 'UPDATE_COMPLETE',
    },
    wanted: { template: parseTemplate(name, JSON.stringify(wanted[name])), terminationProtection: true },
  }));
  return compareEnvironment('prod', stacks, spec());
}

const ofType = (templates: Record<string, Json>, type: string) =>
  Object.values(templates).flatMap(({ Resources }) =>
    Object.entries(Resources).filter(([, resource]) => resource.Type === type),
  );

describe('of production’s own templates', () => {
  test('no difference is no finding, and nothing is unknown of what is not touched', () => {
    const { findings, stacks, unknown } = afterMistake(() => undefined);
    expect(findings).toEqual([]);
    expect(unknown).toEqual([]);
    expect(stacks.flatMap(({ touched }) => touched)).toEqual([]);
  });

  test('everything that holds data is missed when it leaves, whichever it is', () => {
    const held = Object.values(templatesOf('prod')).flatMap((template) =>
      Object.entries((template?.toJSON() as Json | undefined)?.Resources ?? {})
        .filter(([, { Type }]) => HOLDS_DATA.has(Type))
        .map(([id]) => id),
    );
    const { findings } = afterMistake((templates) => {
      for (const { Resources } of Object.values(templates)) for (const id of held) delete Resources[id];
    });
    const missed = findings.filter(({ kind }) => kind === 'deletes').map(({ logicalId }) => logicalId);
    expect(missed.sort()).toEqual(held.sort());
    expect(held.length).toBeGreaterThan(40);
  });

  test.each<readonly [string, (templates: Record<string, Json>) => void, RegExp]>([
    [
      'the database by its subnet group',
      (templates) =>
        ofType(templates, 'AWS::RDS::DBSubnetGroup').forEach(([, group]) =>
          Object.assign(group.Properties!, { DBSubnetGroupName: 'other' }),
        ),
      /^replaces PostgresInstance/m,
    ],
    [
      'the database and the cache by another network',
      (templates) =>
        ofType(templates, 'AWS::EC2::VPC').forEach(([, vpc]) =>
          Object.assign(vpc.Properties!, { CidrBlock: '10.99.0.0/16' }),
        ),
      /^may-replace PostgresInstance[^]*^may-replace CacheGroup/m,
    ],
    [
      'the database by a construct that was renamed',
      ({ Database }) => {
        const { Resources } = Database!;
        Resources['Renamed'] = Resources['PostgresInstanceEC667DB9']!;
        delete Resources['PostgresInstanceEC667DB9'];
      },
      /^deletes PostgresInstance/m,
    ],
    [
      'the vault by another name',
      (templates) =>
        ofType(templates, 'AWS::S3::Bucket').forEach(([, bucket]) =>
          Object.assign(bucket.Properties!, { BucketName: 'other' }),
        ),
      /^replaces VaultBucket/m,
    ],
    [
      'a key ring by another first value',
      ({ Secrets }) =>
        Object.assign(Secrets!.Resources['SecretsDataSecret5C85660B']!.Properties!, { SecretString: '{}' }),
      /^overwrites SecretsDataSecret/m,
    ],
    [
      'what every policy protects',
      (templates) =>
        Object.values(templates).forEach(({ Resources }) =>
          Object.values(Resources).forEach((resource) => delete resource.DeletionPolicy),
        ),
      /^unprotects VaultBucket[^]*/m,
    ],
  ])('a mistake is seen that costs %s', (_what, mistake, expected) => {
    const { findings } = afterMistake(mistake);
    expect(
      findings
        .filter(losesData)
        .map(({ kind, logicalId }) => `${kind} ${logicalId}`)
        .join('\n'),
    ).toMatch(expected);
  });
});
