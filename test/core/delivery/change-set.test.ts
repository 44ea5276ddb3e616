import { ChangeSet, isEmpty, plannedLosses, unacceptedLosses } from '../../../core/delivery/change-set';
import { findingId } from '../../../core/delivery/finding';
import { database, findingsOf, inShort, spec, subnets } from './pairs';

const change = (rest: object, id = 'Db', type = 'AWS::RDS::DBInstance') => ({
  Type: 'Resource',
  ResourceChange: { Action: 'Modify', LogicalResourceId: id, ResourceType: type, Details: [], ...rest },
});
const because = (Name: string, RequiresRecreation: string, rest: object = {}) => ({
  Target: { Attribute: 'Properties', Name, RequiresRecreation },
  Evaluation: 'Static',
  ...rest,
});
const losses = (...Changes: object[]) =>
  plannedLosses('prod', 'prod-Database', ChangeSet.parse({ Status: 'CREATE_COMPLETE', Changes }), spec());

describe('CloudFormation’s plan loses data', () => {
  test.each<readonly [string, object, string[]]>([
    ['when it removes a database', { Action: 'Remove', PolicyAction: 'Retain' }, ['deletes Db']],
    ['when it replaces one', { Replacement: 'True' }, ['replaces Db']],
    ['when it may, and does not say why', { Replacement: 'Conditional' }, ['may-replace Db']],
    [
      'when it may, for a property that cannot be changed',
      {
        Replacement: 'Conditional',
        Details: [because('KmsKeyId', 'Always', { Evaluation: 'Dynamic', CausingEntity: 'Other.Arn' })],
      },
      ['may-replace Db'],
    ],
    ['not when it changes it in place', { Replacement: 'False' }, []],
    [
      'not when it may, for what is documented as changed in place',
      { Replacement: 'Conditional', Details: [because('MultiAZ', 'Conditionally')] },
      [],
    ],
  ])('%s', (_when, rest, expected) => {
    expect(inShort(losses(change(rest)))).toEqual(expected);
  });

  test('not because of a key that is updated and stays the same key, but because of one that is replaced', () => {
    const database = change({
      Replacement: 'Conditional',
      Details: [because('KmsKeyId', 'Always', { Evaluation: 'Dynamic', CausingEntity: 'Key.Arn' })],
    });
    const key = (Replacement: string) => change({ Replacement }, 'Key', 'AWS::KMS::Key');
    expect(losses(database, key('False'))).toEqual([]);
    expect(inShort(losses(database, key('True')))).toEqual(['may-replace Db', 'replaces Key']);
  });

  test('not when what it replaces holds nothing', () => {
    expect(losses(change({ Replacement: 'True' }, 'Fn', 'AWS::Lambda::Function'))).toEqual([]);
  });
});

test('a plan with nothing in it is known by its words', () => {
  const failed = (StatusReason: string) => isEmpty(ChangeSet.parse({ Status: 'FAILED', StatusReason }));
  expect(failed("The submitted information didn't contain changes. Submit different information.")).toBe(
    true,
  );
  expect(failed('No updates are to be performed.')).toBe(true);
  expect(failed('Template error')).toBe(false);
});

describe('a loss in the plan is accepted', () => {
  const foretold = () =>
    findingsOf({ Db: database(), S: subnets() }, { Db: database({ DBName: 'x' }), S: subnets() });
  const planned = () => losses(change({ Replacement: 'True' }));
  const accepting =
    (...ids: string[]) =>
    (id: string) =>
      ids.includes(id);

  test('with the one that the comparison foretold', () => {
    expect(unacceptedLosses(planned(), foretold(), accepting(...foretold().map(findingId)))).toEqual([]);
  });

  test('by its own id', () => {
    expect(unacceptedLosses(planned(), [], accepting(...planned().map(findingId)))).toEqual([]);
  });

  test('not with another one: of another sort, or that nobody accepted', () => {
    const removed = losses(change({ Action: 'Remove' }));
    expect(unacceptedLosses(removed, foretold(), accepting(...foretold().map(findingId)))).toHaveLength(1);
    expect(unacceptedLosses(planned(), foretold(), accepting())).toHaveLength(1);
  });
});
