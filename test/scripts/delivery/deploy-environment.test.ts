import { DataLossError } from '../../../core/delivery/errors';
import { findingId } from '../../../core/delivery/finding';
import { parseTemplate } from '../../../core/delivery/template';
import { CdkError } from '../../../scripts/delivery/cdk-cli';
import { deployEnvironment, type DeployOptions } from '../../../scripts/delivery/deploy-environment';
import { database, findingsOf, spec, subnets } from '../../core/delivery/pairs';

const Subnets = subnets();
const before = { Db: database(), Subnets };
const harmless = { Db: database({ DBInstanceClass: 'db.r8g.xlarge' }), Subnets };
const losing = { Db: database({ DBName: 'other' }), Subnets };

interface World {
  readonly ran: string[];
  readonly run: (changes?: Partial<DeployOptions>) => Promise<void>;
}

/** Two stacks, of which the second has the database. */
function worldOf(wanted: object, plans: Readonly<Record<string, object>> = {}): World {
  const ran: string[] = [];
  const place = { account: '333333333333', region: 'eu-central-1' };
  const stack = (name: string, Resources: object) => ({
    ...place,
    name: `prod-${name}`,
    id: `prod/${name}`,
    terminationProtection: true,
    template: parseTemplate(name, JSON.stringify({ Resources })),
  });
  return {
    ran,
    run: (changes = {}) =>
      deployEnvironment({
        environment: 'prod',
        assembly: 'cdk.out',
        stacks: [stack('Network', {}), stack('Database', wanted)],
        deployed: {
          v: 1,
          environment: 'prod',
          readAt: '2026-11-30T00:00:00Z',
          stacks: [
            {
              ...place,
              name: 'prod-Database',
              status: 'UPDATE_COMPLETE',
              terminationProtection: true,
              parameters: {},
              template: JSON.stringify({ Resources: before }),
            },
          ],
        },
        spec: spec(),
        isAccepted: () => false,
        cdk: (args) => Promise.resolve(void ran.push(`cdk ${args.join(' ')}`)),
        aws: (args) => {
          const name = String(args[args.indexOf('--stack-name') + 1]);
          ran.push(`aws ${args[1]} ${name}`);
          return Promise.resolve(plans[name] ?? { Status: 'CREATE_COMPLETE', Changes: [] });
        },
        log: () => undefined,
        ...changes,
      }),
  };
}

const methods = (ran: readonly string[]) =>
  ran
    .filter((line) => line.startsWith('cdk'))
    .map((line) => /deploy (\S+).*--method (\S+)/.exec(line)?.slice(1).join(' '));
const planned = (rest: object) => ({
  'prod-Database': {
    Status: 'CREATE_COMPLETE',
    Changes: [
      {
        Type: 'Resource',
        ResourceChange: {
          Action: 'Modify',
          LogicalResourceId: 'Db',
          ResourceType: 'AWS::RDS::DBInstance',
          ...rest,
        },
      },
    ],
  },
});

describe('a deployment', () => {
  test('that would lose data is refused before it touches anything, and says how it is accepted', async () => {
    const { ran, run } = worldOf(losing);
    const id = findingId(findingsOf(before, losing)[0]!);
    await expect(run()).rejects.toThrow(DataLossError);
    await expect(run()).rejects.toThrow(new RegExp(`${id} .*prod-Database/Db[^]*"accept" set to ${id}`));
    expect(ran).toEqual([]);
  });

  test('goes ahead with exactly what was accepted', async () => {
    const accepted = findingsOf(before, losing).map(findingId);
    const { ran, run } = worldOf(losing, planned({ Replacement: 'True' }));
    await run({ isAccepted: (id) => accepted.includes(id) });
    expect(methods(ran)).toEqual([
      'prod/Network prepare-change-set',
      'prod/Network execute-change-set',
      'prod/Database prepare-change-set',
      'prod/Database execute-change-set',
    ]);
  });

  test('of which CloudFormation plans a loss that the comparison did not see stops there', async () => {
    const { ran, run } = worldOf(harmless, planned({ Replacement: 'True' }));
    await expect(run()).rejects.toThrow(
      /prod\/Database is not deployed, nor what comes after it; what came before it is/,
    );
    expect(methods(ran).at(-1)).toBe('prod/Database prepare-change-set');
  });

  test('reads each plan before it is carried out', async () => {
    const { ran, run } = worldOf(harmless);
    await run();
    expect(ran.map((line) => line.replace(/ --.*method (\S+).*/, ' $1'))).toEqual([
      'cdk deploy prod/Network prepare-change-set',
      'aws describe-change-set prod-Network',
      'cdk deploy prod/Network execute-change-set',
      'cdk deploy prod/Database prepare-change-set',
      'aws describe-change-set prod-Database',
      'cdk deploy prod/Database execute-change-set',
    ]);
  });

  test('carries out no empty plan', async () => {
    const { ran, run } = worldOf(harmless, {
      'prod-Network': { Status: 'FAILED', StatusReason: "The submitted information didn't contain changes." },
    });
    await run();
    expect(methods(ran)).not.toContain('prod/Network execute-change-set');
  });

  test('deploys the assembly that was given, asks nobody, and never without a change set', async () => {
    const { ran, run } = worldOf(harmless);
    await run();
    for (const line of ran.filter((one) => one.startsWith('cdk'))) {
      expect(line).toMatch(/--exclusively --app cdk\.out .*--require-approval never/);
      expect(line).not.toMatch(/--method direct|--express|--hotswap|--no-rollback|--force/);
    }
  });

  test('stops at the first stack that fails', async () => {
    const { ran, run } = worldOf(harmless);
    const cdk = (args: readonly string[]) => {
      ran.push(`cdk ${args.join(' ')}`);
      return Promise.reject(new CdkError('cdk deploy ended with 1'));
    };
    await expect(run({ cdk })).rejects.toThrow(CdkError);
    expect(ran).toHaveLength(1);
  });
});
