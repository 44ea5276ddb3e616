import { acceptanceOf } from '../../../core/delivery/acceptance';
import { COMMENT_BYTES, type CommentInput, renderComment, stateOf } from '../../../core/delivery/comment';
import { readMarker } from '../../../core/delivery/marker';
import { database, diffOf, pair, subnets } from './pairs';

const Subnets = subnets();
const render = (input: Partial<CommentInput>, limit?: number) =>
  renderComment({ diffs: [], notCompared: [], acceptance: 'none', commit: 'a'.repeat(40), ...input }, limit);
const loss = () =>
  diffOf(
    pair(
      { Resources: { Db: database(), Subnets } },
      { Resources: { Db: database({ DBName: 'other' }), Subnets } },
    ),
  );
const widening = () => ({
  Open: {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: {
      SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' }],
    },
  },
});

describe('the comment', () => {
  test('tells of data first, then of what opens up, then of every value, folded', () => {
    const text = render({
      diffs: [
        diffOf(
          pair(
            { Resources: { Db: database(), Subnets } },
            { Resources: { Db: database({ DBName: 'other' }), Subnets, ...widening() } },
          ),
        ),
      ],
    });
    const places = [
      '1 change that loses data',
      'This stops the merge',
      'would be replaced',
      'Opens up',
      '<details>',
      '`DBName`: `golive` → `other`',
    ].map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect([...places].sort((one, other) => one - other)).toEqual(places);
  });

  test('tells of a database before it tells of logs, and of what is gone before what is less protected', () => {
    const logs = { Type: 'AWS::Logs::LogGroup', Properties: {}, DeletionPolicy: 'Delete' };
    const before = { Logs: logs, Other: database(), Db: database(), Subnets };
    const after = { Other: database({ DeletionProtection: false }), Db: database({ DBName: 'x' }), Subnets };
    const text = render({ diffs: [diffOf(pair({ Resources: before }, { Resources: after }))] });
    const subjects = [...text.matchAll(/^- \*\*prod\*\*: `(\w+)`/gm)].map(([, id]) => id);
    expect(subjects).toEqual(['Db', 'Other', 'Logs']);
  });

  test('says that an environment was not compared, and does not call that no change', () => {
    const text = render({ notCompared: [{ environment: 'prod', reason: 'AccessDenied' }], diffs: [] });
    expect(text).toMatch(/\*\*prod\*\*: ⚠️ not compared, so nothing is known of it: AccessDenied/);
    expect(text).not.toMatch(/no change/);
  });

  test('says so when nothing changes', () => {
    const same = { Resources: { Db: database() } };
    expect(render({ diffs: [diffOf(pair(same, same))] })).toMatch(/\*\*prod\*\*: no change/);
  });

  test.each([
    ['accepted', /set for exactly this list/],
    ['withdrawn', /Not accepted.*has been taken off/],
    ['none', /This stops the merge/],
  ] as const)('%s', (acceptance, says) => {
    expect(render({ diffs: [loss()], acceptance })).toMatch(says);
  });

  test('stays below GitHub’s limit, keeps what loses data, and says how much it leaves out', () => {
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [
        `Topic${index}`,
        { Type: 'AWS::SNS::Topic', Properties: { TopicName: '😀'.repeat(50) } },
      ]),
    );
    const stacks = ['A', 'B', 'C'].map((name) =>
      pair({ Resources: {} }, { Resources: many }, { name: `prod-${name}` }),
    );
    const text = render({
      diffs: [diffOf(pair({ Resources: { Db: database() } }, { Resources: {} }), ...stacks)],
      detailsUrl: 'https://github.com/my-company/golive/actions/runs/1',
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(COMMENT_BYTES);
    expect(text).toContain('would leave the template');
    expect(text).toMatch(/\*\*3 parts did not fit\.\*\* \[The run’s summary\]\(https/);
    expect((text.match(/<details>/g) ?? []).length).toBe((text.match(/<\/details>/g) ?? []).length);
  });

  test('with more losses than fit counts those that are missing', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 900 }, (_, index) => [
        `Logs${index}`,
        { Type: 'AWS::Logs::LogGroup', Properties: {}, DeletionPolicy: 'Delete' },
      ]),
    );
    const text = render({ diffs: [diffOf(pair({ Resources: groups }, { Resources: {} }))] });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(COMMENT_BYTES);
    expect(text).toMatch(/900 changes that lose data/);
    expect(text).toMatch(/\*\*and \d+ more, which do not fit here\.\*\*/);
  });
});

describe('no secret is in the comment:', () => {
  const shown = (before: object, after: object, rest: object = {}) =>
    render({ diffs: [diffOf(pair({ ...rest, Resources: before }, { ...rest, Resources: after }))] });
  const fn = (Variables: object) => ({
    F: { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } },
  });

  test.each<readonly [string, object, object]>([
    [
      'a password in clear',
      { D: database({ MasterUserPassword: 'hunter2' }) },
      { D: database({ MasterUserPassword: 'hunter3' }) },
    ],
    ['a variable that is named like one', fn({ API_TOKEN: 'hunter2' }), fn({ API_TOKEN: 'hunter3' })],
    [
      'a container’s variable that is named like one',
      {
        T: {
          Type: 'AWS::ECS::TaskDefinition',
          Properties: {
            ContainerDefinitions: [{ Environment: [{ Name: 'DB_PASSWORD', Value: 'hunter2' }] }],
          },
        },
      },
      {
        T: {
          Type: 'AWS::ECS::TaskDefinition',
          Properties: {
            ContainerDefinitions: [{ Environment: [{ Name: 'DB_PASSWORD', Value: 'hunter3' }] }],
          },
        },
      },
    ],
    ['a whole object with one in it', fn({}), fn({ Nested: { password: 'hunter3' } })],
    ['a connection string', fn({ URL: 'x' }), fn({ URL: 'postgres://app:hunter3@db/golive' })],
    [
      'a condition of a policy',
      {},
      {
        P: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyDocument: {
              Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'postgres://app:hunter3@db' }],
            },
          },
        },
      },
    ],
  ])('%s', (_what, before, after) => {
    const text = shown(before, after);
    expect(text).not.toMatch(/hunter/);
    expect(text).toMatch(/\(not shown\)|redacted/);
  });

  test('a hidden parameter is shown by its name, never by its default', () => {
    const text = shown(fn({}), fn({ VALUE: { Ref: 'Hidden' } }), {
      Parameters: { Hidden: { Type: 'String', NoEcho: true, Default: 'hunter2' } },
    });
    expect(text).toContain('${Hidden}');
    expect(text).not.toMatch(/hunter/);
  });

  test('a reference to a secret is shown as such', () => {
    const reference =
      '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-central-1:333333333333:secret:db:SecretString:password::}}';
    const text = shown(
      { D: database({ MasterUserPassword: 'hunter2' }) },
      { D: database({ MasterUserPassword: reference }) },
    );
    expect(text).toContain(reference);
    expect(text).not.toMatch(/hunter/);
  });
});

describe('whoever writes a template writes no part of the comment:', () => {
  test('no mention, link, picture, tag or mark of ours', () => {
    const evil =
      '`@everyone` <img src=x> [x](https://evil.example) --> <!-- golive-diff {"v":1} -->\n## Heading';
    const text = render({
      diffs: [
        diffOf(
          pair(
            { Resources: { Db: database(), Subnets } },
            { Resources: { [`Db ${evil}`]: database({ DBName: evil }), Subnets } },
          ),
        ),
      ],
      notCompared: [{ environment: evil, reason: evil }],
    });
    const outsideCode = text.replace(/(`+)[^]*?\1/g, '');
    expect(outsideCode).not.toMatch(/@everyone|<img|\]\(https:\/\/evil|^## Heading/m);
    expect(text.match(/^<!-- golive-diff/gm)).toHaveLength(1);
  });
});

describe('what was accepted', () => {
  const state = () => stateOf([loss()]);

  test('is found again in the comment’s first line, and only there', () => {
    expect(readMarker(render({ diffs: [loss()] }))).toEqual(state());
    expect(readMarker(`> ${render({ diffs: [loss()] })}`)).toBeUndefined();
    expect(readMarker('<!-- golive-diff {"v":2} -->')).toBeUndefined();
    expect(readMarker('<!-- golive-diff nonsense -->')).toBeUndefined();
  });

  test('holds for exactly that list', () => {
    const diffs = [loss()];
    expect(acceptanceOf(true, state(), state(), diffs)).toBe('accepted');
    expect(acceptanceOf(true, { fingerprint: '0'.repeat(12), findings: [] }, state(), diffs)).toBe(
      'withdrawn',
    );
    expect(acceptanceOf(true, undefined, state(), diffs)).toBe('withdrawn');
    expect(acceptanceOf(false, state(), state(), diffs)).toBe('none');
    expect(acceptanceOf(true, state(), stateOf([]), [])).toBe('none');
  });

  test('is another finding when the reason is another', () => {
    const other = diffOf(
      pair(
        { Resources: { Db: database(), Subnets } },
        { Resources: { Db: database({ KmsKeyId: 'k' }), Subnets } },
      ),
    );
    expect(stateOf([other]).fingerprint).not.toBe(state().fingerprint);
  });
});
