import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { usesOf } from '../../../../core/secrets/pick-up';
import { injecting, OTHER_SECRET, SECRET } from './fake-ecs';

const PARTIAL = SECRET.slice(0, -'-AbC123'.length);

const uses = (container: ContainerDefinition) =>
  usesOf({ containerDefinitions: [{ name: 'web', ...container }] }, [SECRET]);

test.each([
  ['a parameter of Systems Manager', 'arn:aws:ssm:eu-west-1:123456789012:parameter/golive/test/app'],
  ['a secret whose name begins alike', `${PARTIAL}-clone-AbC123`],
  ['another secret’s partial ARN', PARTIAL.slice(0, -1)],
  ['the same name in another region', SECRET.replace('eu-west-1', 'eu-central-1')],
  ['the same name in another account', SECRET.replace('123456789012', '210987654321')],
  ['nothing', ''],
])('%s is not the secret', (_, valueFrom) => {
  expect(usesOf(injecting(valueFrom), [SECRET])).toEqual([]);
});

test.each([
  ['the whole ARN', SECRET, false],
  ['a partial ARN', PARTIAL, false],
  ['one JSON key', `${SECRET}:password::`, false],
  ['one JSON key of a partial ARN', `${PARTIAL}:password::`, false],
  ['the current stage', `${SECRET}::AWSCURRENT:`, false],
  ['the previous stage', `${SECRET}:password:AWSPREVIOUS:`, true],
  ['one version', `${SECRET}:::6a7e8feb-b491-4cf7-a9f1-bf3703467718`, true],
])('%s is the secret, injected at the start; pinned or not', (_, valueFrom, isPinned) => {
  expect(usesOf(injecting(valueFrom), [SECRET])).toEqual([
    { secretArn: SECRET, container: 'web', how: 'injected-at-start', isPinned },
  ]);
});

test('a log driver gets its secrets at the start, too', () => {
  const options = [{ name: 'token', valueFrom: SECRET }];
  expect(uses({ logConfiguration: { logDriver: 'splunk', secretOptions: options } })).toMatchObject([
    { how: 'injected-at-start' },
  ]);
});

test.each([SECRET, PARTIAL, JSON.stringify({ secret: SECRET })])(
  'a variable that carries the ARN is read at run time: %s',
  (value) => {
    expect(uses({ environment: [{ name: 'APP_SECRET_ARN', value }] })).toEqual([
      { secretArn: SECRET, container: 'web', how: 'fetched-at-run-time', isPinned: false },
    ]);
  },
);

test('each use of each secret is told', () => {
  const found = usesOf(injecting(SECRET, `${SECRET}::AWSPREVIOUS:`, OTHER_SECRET), [SECRET, OTHER_SECRET]);
  expect(found.map(({ secretArn, isPinned }) => [secretArn, isPinned])).toEqual([
    [SECRET, false],
    [SECRET, true],
    [OTHER_SECRET, false],
  ]);
});

test('a task definition without containers uses nothing', () => {
  expect(usesOf({}, [SECRET])).toEqual([]);
});
