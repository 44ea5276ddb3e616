import { NotComparedError } from '../../../core/delivery/errors';
import { awsCli, AwsCliError } from '../../../scripts/delivery/aws-cli';
import { readDeployed } from '../../../scripts/delivery/read-deployed';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';

let programs: ProgramFolder;
const path = process.env['PATH'];

beforeEach(() => {
  programs = makeProgramFolder();
  process.env['PATH'] = `${programs.path}:${path}`;
});
afterEach(() => {
  process.env['PATH'] = path;
  programs.remove();
});

/** An `aws` that knows these stacks, as AWS's command line answers. */
function awsWith(stacks: object, more = ''): void {
  programs.write(
    'aws',
    `const stacks = ${JSON.stringify(stacks)};
     const args = process.argv.slice(2);
     const value = (name) => args[args.indexOf(name) + 1];
     const known = stacks[value('--region')] ?? {};
     const fail = (text) => { console.error(text); process.exit(254); };
     ${more}
     if (args[1] === 'list-stacks') console.log(JSON.stringify({ StackSummaries: Object.entries(known).map(([StackName, { status }]) => ({ StackName, StackStatus: status })) }));
     const stack = known[value('--stack-name')];
     if (args[1] !== 'list-stacks' && (!stack || stack.gone)) fail('An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id x does not exist');
     if (args[1] === 'describe-stacks') console.log(JSON.stringify({ Stacks: [{ StackId: 'arn:aws:cloudformation:eu-central-1:333333333333:stack/x/1', StackStatus: stack.status, EnableTerminationProtection: true, Parameters: [{ ParameterKey: 'Size', ParameterValue: 'large' }] }] }));
     if (args[1] === 'get-template') console.log(JSON.stringify({ TemplateBody: { Resources: {} }, StagesAvailable: ['Original'] }));`,
  );
}

const read = (regions = ['eu-central-1']) =>
  readDeployed({ environment: 'prod', regions, aws: awsCli, now: new Date('2026-11-30T00:00:00Z') });
const there = { status: 'UPDATE_COMPLETE' };

describe('what is deployed', () => {
  test('is every stack of the environment in its regions, also one that the app has no more', async () => {
    awsWith({
      'eu-central-1': {
        'prod-Network': there,
        'prod-Forgotten': there,
        'prod-two-Network': there,
        'staging-Network': there,
        CDKToolkit: there,
      },
      'eu-west-1': { 'prod-Recovery': there },
    });
    const { stacks } = await read(['eu-central-1', 'eu-west-1']);
    expect(stacks.map(({ name, region }) => `${region} ${name}`)).toEqual([
      'eu-central-1 prod-Forgotten',
      'eu-central-1 prod-Network',
      'eu-west-1 prod-Recovery',
    ]);
    expect(stacks[0]).toMatchObject({
      account: '333333333333',
      terminationProtection: true,
      parameters: { Size: 'large' },
      template: { Resources: {} },
    });
  });

  test('is not a stack that is gone, was never made, or goes in between', async () => {
    awsWith({
      'eu-central-1': {
        'prod-Gone': { status: 'DELETE_COMPLETE' },
        'prod-Planned': { status: 'REVIEW_IN_PROGRESS' },
        'prod-Going': { ...there, gone: true },
      },
    });
    expect((await read()).stacks).toEqual([]);
  });

  test('is not told at all when a part of it cannot be read', async () => {
    awsWith(
      { 'eu-central-1': { 'prod-Network': there } },
      `if (args[1] === 'get-template') fail('AccessDenied: not authorized to perform cloudformation:GetTemplate');`,
    );
    const reading = read();
    await expect(reading).rejects.toThrow(NotComparedError);
    await expect(reading).rejects.toThrow(/what is deployed of prod could not be read: .*AccessDenied/);
  });

  test('is not told without the program', async () => {
    process.env['PATH'] = programs.path;
    await expect(read()).rejects.toThrow(/install the AWS command line/);
    await expect(awsCli(['sts', 'get-caller-identity'])).rejects.toThrow(AwsCliError);
  });
});
