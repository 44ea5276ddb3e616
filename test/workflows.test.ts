import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadEnvironments } from '../lib/config';

const root = join(__dirname, '..');
const WORKFLOWS = join(root, '.github/workflows');
const ACTIONS = join(root, '.github/actions');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly concurrency?: { readonly 'cancel-in-progress'?: unknown };
  readonly jobs: Readonly<Record<string, Job>>;
}

const text = (name: string) => readFileSync(join(WORKFLOWS, name), 'utf8');
const workflow = (name: string) => parse(text(name)) as Workflow;
const names = readdirSync(WORKFLOWS);
const actions = readdirSync(ACTIONS).map((name) => join(ACTIONS, name, 'action.yml'));
const actionSteps = (path: string) =>
  (parse(readFileSync(path, 'utf8')) as { runs: { steps: Step[] } }).runs.steps;
const jobsOf = (name: string) => Object.entries(workflow(name).jobs);

/** What a workflow must not do, each as a sentence; nothing for one that is in order. */
function faultsIn(source: string): string[] {
  const { on, permissions, concurrency, jobs } = parse(source) as Workflow;
  const triggers = Object.keys(on);
  return [
    ...(triggers.includes('pull_request_target') || triggers.includes('workflow_run')
      ? ['it runs with rights on what a stranger wrote']
      : []),
    ...(JSON.stringify(permissions) === '{}' ? [] : ['its jobs begin with rights that they did not ask for']),
    ...(concurrency ? [] : ['it runs beside itself']),
    ...Object.entries(jobs).flatMap(([name, job]) => [
      ...(job['timeout-minutes'] ? [] : [`${name} may hang for six hours`]),
      ...(job.permissions ? [] : [`${name} does not say what it may do`]),
      ...job.steps.flatMap(stepFaults).map((fault) => `${name}: ${fault}`),
      ...checkoutFaults(name, job),
    ]),
    ...unpinned(source),
  ];
}

function stepFaults({ run = '', uses = '', with: inputs = {} }: Step): string[] {
  return [
    // Whoever writes a title writes the script, too.
    ...(/\$\{\{/.test(run) ? [`"${run.split('\n')[0]}" puts an expression into a script`] : []),
    ...(/secrets\./.test(run) ? ['a secret stands in a script'] : []),
    ...(uses.startsWith('actions/checkout@') && inputs['persist-credentials'] !== false
      ? ['the token stays in the checkout']
      : []),
  ];
}

/** Code of a pull request runs only where there is nothing to take. */
function checkoutFaults(name: string, { permissions = {}, steps, environment }: Job): string[] {
  const hasRights = Object.entries(permissions).some(([, right]) => right === 'write');
  const takesItsOwn = steps.some(
    ({ uses, with: inputs }) => uses?.startsWith('actions/checkout@') && inputs?.['ref'] === undefined,
  );
  return hasRights && takesItsOwn && environment === undefined
    ? [`${name} runs a pull request's code with rights`]
    : [];
}

function unpinned(source: string): string[] {
  return [...source.matchAll(/uses:\s*(\S+)([^\n]*)/g)].flatMap(([, action = '', rest = '']) => {
    if (action.startsWith('./')) return existsSync(join(root, action)) ? [] : [`${action} is not there`];
    return /@[0-9a-f]{40}$/.test(action) && /^ # v\d+\.\d+\.\d+$/.test(rest)
      ? []
      : [`${action} is not pinned by commit, with its version beside it`];
  });
}

describe.each(names)('the workflow %s', (name) => {
  test('is in order', () => {
    expect(faultsIn(text(name))).toEqual([]);
  });
});

describe('our own actions', () => {
  test.each(actions)('%s is in order', (path) => {
    expect(unpinned(readFileSync(path, 'utf8'))).toEqual([]);
    expect(actionSteps(path).flatMap(stepFaults)).toEqual([]);
  });

  test('one action is pinned to one commit everywhere', () => {
    const sources = [...names.map(text), ...actions.map((path) => readFileSync(path, 'utf8'))];
    const pins = new Map<string, Set<string>>();
    for (const [, action = '', commit = ''] of sources.join('\n').matchAll(/uses:\s*([\w./-]+)@(\S+ # \S+)/g))
      pins.set(action, (pins.get(action) ?? new Set()).add(commit));
    expect([...pins].filter(([, commits]) => commits.size > 1)).toEqual([]);
    expect([...pins.keys()].sort()).toEqual([
      'actions/checkout',
      'actions/download-artifact',
      'actions/setup-node',
      'actions/upload-artifact',
      'aws-actions/configure-aws-credentials',
    ]);
  });
});

describe('these tests fail on', () => {
  const good = text('diff.yml');
  test.each<readonly [string, (source: string) => string, RegExp]>([
    [
      'an action by its tag',
      (s) => s.replace(/checkout@[0-9a-f]{40} # v[\d.]+/, 'checkout@v6'),
      /not pinned/,
    ],
    ['a commit without its version', (s) => s.replace(/ # v6\.0\.2/, ''), /not pinned/],
    [
      'pull_request_target',
      (s) => s.replace('  pull_request:', '  pull_request_target:'),
      /a stranger wrote/,
    ],
    ['rights for all', (s) => s.replace('permissions: {}', 'permissions: write-all'), /did not ask for/],
    [
      'a title in a script',
      (s) => s.replace('- run: npm ci\n', '- run: echo ${{ github.event.pull_request.title }}\n'),
      /puts an expression/,
    ],
    ['a job without an end', (s) => s.replace(/ {4}timeout-minutes: \d+\n/, ''), /six hours/],
    [
      'a checkout that keeps the token',
      (s) => s.replace('persist-credentials: false', 'fetch-depth: 1'),
      /token stays/,
    ],
    [
      'the pull request’s code where there is a role',
      (s) => s.replaceAll(/ {10}ref: .*base\.sha }}\n/g, ''),
      /deployed runs a pull request's code/,
    ],
  ])('%s', (_what, spoil, fault) => {
    expect(spoil(good)).not.toBe(good);
    expect(faultsIn(spoil(good)).join('\n')).toMatch(fault);
  });
});

describe('ci.yml', () => {
  test('runs what a person runs, on every pull request and on main', () => {
    const { on, jobs } = workflow('ci.yml');
    expect(Object.keys(on)).toEqual(['pull_request', 'merge_group', 'push']);
    expect(jobs['ci']?.steps.flatMap(({ run }) => run ?? [])).toEqual(['.ci/run']);
    expect(jobs['ci']?.permissions).toEqual({ contents: 'read' });
  });
});

describe('diff.yml', () => {
  test('gives the job that runs the pull request’s code no right and no role', () => {
    expect(workflow('diff.yml').jobs['synth']?.permissions).toEqual({ contents: 'read' });
  });

  test('gives a role only to the job that reads AWS, and the right to comment only to the one that comments', () => {
    const having = (right: string, value: string) =>
      jobsOf('diff.yml')
        .filter(([, job]) => job.permissions?.[right] === value)
        .map(([name]) => name);
    expect(having('id-token', 'write')).toEqual(['deployed']);
    expect(having('pull-requests', 'write')).toEqual(['data-loss']);
    expect(jobsOf('diff.yml').filter(([, job]) => job.environment !== undefined)).toEqual([]);
  });

  test('runs for every label: a check that is skipped counts as passed', () => {
    const { on, jobs } = workflow('diff.yml');
    expect((on['pull_request'] as { types: string[] }).types).toEqual(
      expect.arrayContaining(['opened', 'synchronize', 'reopened', 'labeled', 'unlabeled']),
    );
    const conditions = Object.values(jobs).flatMap((job) => job.if ?? []);
    expect(conditions.join('\n')).not.toMatch(/event\.(action|label)/);
  });

  test('judges whatever became of the other jobs, and refuses what they did not compare', () => {
    const job = workflow('diff.yml').jobs['data-loss'];
    expect(job?.if).toContain('!cancelled()');
    expect(job?.steps[0]?.run).toMatch(/exit 1/);
    expect(job?.needs).toEqual(['synth', 'plan', 'deployed']);
  });
});

describe('deploy.yml', () => {
  const delivered = loadEnvironments().filter(({ delivery }) => delivery);

  test('takes the environments one after the other, each through its own GitHub environment', () => {
    const order = jobsOf('deploy.yml').slice(1);
    expect(order.map(([name, { environment, needs }]) => [name, environment, needs])).toEqual([
      ['dev', 'dev', 'synth'],
      ['staging', 'staging', ['synth', 'dev']],
      ['prod', 'prod', ['synth', 'staging']],
    ]);
    expect(order.map(([name]) => name)).toEqual(delivered.map(({ name }) => name));
    expect(order.map(([, job]) => job.environment)).toEqual(
      delivered.map(({ delivery }) => delivery?.githubEnvironment),
    );
    for (const [name, job] of order) {
      expect(job.steps.at(-1)?.with?.['environment']).toBe(name);
      expect(JSON.stringify(job.steps.at(-1)?.with)).toContain(`.${name}.deployRole`);
      expect(job.permissions).toEqual({ contents: 'read', 'id-token': 'write', 'pull-requests': 'read' });
    }
  });

  test('is of main alone, one at a time, and is not stopped half-way', () => {
    const { on, concurrency, jobs } = workflow('deploy.yml');
    expect(on['push']).toEqual({ branches: ['main'] });
    expect(delivered.map(({ delivery }) => delivery?.branch)).toEqual(['main', 'main', 'main']);
    expect(jobs['synth']?.if).toContain("github.ref == 'refs/heads/main'");
    expect(concurrency?.['cancel-in-progress']).toBe(false);
  });

  test('synthesises once: what is deployed is unpacked and checked, and nothing is synthesised again', () => {
    const runs = (steps: readonly Step[]) => steps.flatMap(({ run }) => run ?? []).join('\n');
    const deploying = runs(actionSteps(join(ACTIONS, 'deploy/action.yml')));
    expect(runs(workflow('deploy.yml').jobs['synth']?.steps ?? []).match(/cdk synth/g)).toHaveLength(1);
    expect(deploying).toMatch(/sha256sum --check/);
    expect(deploying).not.toMatch(/cdk synth/);
  });

  test('ends with what ECS runs, and never without a change set, in Express mode or around the look at data', () => {
    const steps = actionSteps(join(ACTIONS, 'deploy/action.yml'));
    const scripts = steps.flatMap(({ run }) => run ?? []);
    expect(scripts.at(-1)).toMatch(/golive -- services status -e "\$ENVIRONMENT"/);
    expect(scripts.at(-2)).toMatch(/delivery:deploy/);
    expect([...names.map(text), ...scripts].join('\n')).not.toMatch(
      /--express|--method[= ]direct|--hotswap|cdk deploy/,
    );
  });

  test('lasts no longer than the role', () => {
    const minutes = jobsOf('deploy.yml').map(([, job]) => job['timeout-minutes'] ?? 0);
    const session = actionSteps(join(ACTIONS, 'deploy/action.yml')).find(({ uses }) =>
      uses?.includes('configure-aws'),
    );
    expect(Math.max(...minutes) * 60).toBeLessThanOrEqual(Number(session?.with?.['role-duration-seconds']));
  });
});
