import { isSame, resolverOf } from '../../../core/delivery/resolve';
import { parseTemplate, type Value } from '../../../core/delivery/template';
import { findingsOf } from './pairs';

const facts = { name: 'prod-Database', account: '333333333333', region: 'eu-central-1' };
const settle = (value: Value, template: object = {}, parameters = {}) =>
  resolverOf(parseTemplate('x', { Resources: {}, ...template }), { ...facts, parameters }).settle(value);

describe('what is settled of a template', () => {
  test.each<readonly [Value, Value]>([
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, 'b']] }, 'a-eu-central-1-b'],
    [{ 'Fn::Sub': 'arn:${AWS::Partition}:s3:::x-${AWS::AccountId}' }, 'arn:aws:s3:::x-333333333333'],
    [{ 'Fn::Sub': ['${One}/${!Two}', { One: 'a' }] }, 'a/${Two}'],
    [{ 'Fn::Select': [1, ['a', 'b']] }, 'b'],
    [{ 'Fn::Select': [0, { 'Fn::Split': ['/', 'a/b'] }] }, 'a'],
    [{ 'Fn::GetAtt': 'Bucket.Arn' }, { 'Fn::GetAtt': ['Bucket', 'Arn'] }],
    [
      [{ Ref: 'AWS::NoValue' }, 1, true],
      ['1', 'true'],
    ],
    [
      { 'Fn::Join': ['', ['a', { 'Fn::Join': ['', ['b', { Ref: 'X' }]] }, 'c']] },
      { 'Fn::Join': ['', ['ab', { Ref: 'X' }, 'c']] },
    ],
  ])('%j', (value, settled) => {
    expect(settle(value)).toEqual(settled);
  });

  test('a name and its attribute mean the same in a substitution as in a join', () => {
    expect(
      isSame(
        settle({ 'Fn::Sub': '${Bucket.Arn}/*' }),
        settle({ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, '/*']] }),
      ),
    ).toBe(true);
  });

  test('a parameter has the value that is deployed, and its default before; a hidden one and one of Systems Manager have none', () => {
    const Parameters = {
      Size: { Type: 'String', Default: 'small' },
      Password: { Type: 'String', NoEcho: true, Default: 'hunter2' },
      Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/path' },
    };
    expect(settle({ Ref: 'Size' }, { Parameters })).toBe('small');
    expect(settle({ Ref: 'Size' }, { Parameters }, { Size: 'large' })).toBe('large');
    expect(settle({ Ref: 'Password' }, { Parameters })).toEqual({ Ref: 'Password' });
    expect(settle({ Ref: 'Image' }, { Parameters })).toEqual({ Ref: 'Image' });
  });

  test('a mapping and a choice are followed where their keys are known', () => {
    const template = {
      Mappings: { Sizes: { 'eu-central-1': { db: 'large' } } },
      Conditions: {
        Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
        Who: { 'Fn::Equals': [{ Ref: 'X' }, 'y'] },
      },
    };
    expect(settle({ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'db'] }, template)).toBe('large');
    expect(settle({ 'Fn::If': ['Here', 'a', 'b'] }, template)).toBe('a');
    expect(settle({ 'Fn::If': ['Who', 'a', { Ref: 'AWS::NoValue' }] }, template)).toEqual({
      'Fn::If': ['Who', 'a', { Ref: 'AWS::NoValue' }],
    });
  });

  test('conditions: and, or, not, of each other; one that asks for itself is not known', () => {
    const equals = (one: Value, other: Value): Value => ({ 'Fn::Equals': [one, other] });
    const { exists } = resolverOf(
      parseTemplate('x', {
        Resources: {},
        Conditions: {
          Yes: equals('a', 'a'),
          No: { 'Fn::Not': [{ Condition: 'Yes' }] },
          Unsure: equals({ Ref: 'X' }, 'a'),
          And: { 'Fn::And': [{ Condition: 'No' }, { Condition: 'Unsure' }] },
          Or: { 'Fn::Or': [{ Condition: 'No' }, { Condition: 'Unsure' }] },
          Loop: { 'Fn::Not': [{ Condition: 'Loop' }] },
        },
      }),
      facts,
    );
    expect(['Yes', 'No', 'Unsure', 'And', 'Or', 'Loop', 'Missing'].map(exists)).toEqual([
      true,
      false,
      'unknown',
      false,
      'unknown',
      'unknown',
      'unknown',
    ]);
  });
});

describe('no difference is', () => {
  test.each<readonly [string, Value, Value]>([
    ['the order of keys', { a: '1', b: '2' }, { b: '2', a: '1' }],
    ['a letter that GetTemplate cannot give', 'Größe', 'Gr??e'],
  ])('%s', (_what, before, after) => {
    expect(isSame(before, after)).toBe(true);
  });

  test('a number or a boolean that was text, nor a name written in another way', () => {
    const bucket = (Properties: object) => ({ B: { Type: 'AWS::S3::Bucket', Properties } });
    expect(
      findingsOf(
        bucket({ BucketName: { 'Fn::Sub': 'x-${AWS::Region}' }, ObjectLockEnabled: 'true' }),
        bucket({ BucketName: 'x-eu-central-1', ObjectLockEnabled: true }),
      ),
    ).toEqual([]);
  });

  test('but the order of a list is one', () => {
    expect(isSame(['a', 'b'], ['b', 'a'])).toBe(false);
  });
});
