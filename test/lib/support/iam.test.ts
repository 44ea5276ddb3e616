import { isAllowed, type Statement } from './iam';

const allow = (rest: Partial<Statement>): Statement => ({ Effect: 'Allow', Action: 's3:GetObject', ...rest });
const when = (Condition: NonNullable<Statement['Condition']>, context: Record<string, string | string[]>) =>
  isAllowed([allow({ Condition })], { action: 's3:GetObject', context });

describe('the evaluator of IAM policies', () => {
  test('allows nothing that no statement allows, and nothing that one denies', () => {
    const request = { action: 's3:GetObject', resource: 'arn:aws:s3:::a/b' };
    expect(isAllowed([], request)).toBe(false);
    expect(isAllowed([allow({})], request)).toBe(true);
    expect(isAllowed([allow({}), { Effect: 'Deny', Action: '*' }], request)).toBe(false);
    expect(isAllowed([allow({ Action: 'S3:get*' })], request)).toBe(true);
    expect(isAllowed([{ Effect: 'Allow', NotAction: 's3:*' }], request)).toBe(false);
    expect(isAllowed([allow({ Resource: 'arn:aws:s3:::a/?' })], request)).toBe(true);
    expect(isAllowed([allow({ Resource: 'arn:aws:s3:::b/*' })], request)).toBe(false);
  });

  test.each([
    ['StringEquals', 'abc', 'abc', true],
    ['StringEquals', 'abc', 'ABC', false],
    ['StringEquals', 'a*', 'abc', false],
    ['StringEqualsIgnoreCase', 'abc', 'ABC', true],
    ['StringLike', 'a*', 'abc', true],
    ['StringLike', 'a?', 'abc', false],
    ['StringNotEquals', 'abc', 'abd', true],
    ['StringNotEquals', 'abc', 'abc', false],
    ['StringNotLike', 'a*', 'abc', false],
    ['ArnLike', 'arn:aws:iam::*:role/x', 'arn:aws:iam::1:role/x', true],
    ['Bool', 'true', 'TRUE', true],
    ['Bool', 'true', 'false', false],
  ])('%s %s, told %s: %s', (operator, wanted, told, expected) => {
    expect(when({ [operator]: { key: wanted } }, { KEY: told })).toBe(expected);
  });

  test.each([
    ['StringEquals', false],
    ['StringLike', false],
    ['Bool', false],
    ['StringNotEquals', true],
    ['StringEqualsIfExists', true],
    ['ForAllValues:StringEquals', true],
    ['ForAnyValue:StringEquals', false],
  ])('%s of a key that nobody tells: %s', (operator, expected) => {
    expect(when({ [operator]: { key: '*' } }, {})).toBe(expected);
  });

  test('wants all keys and any of the values, and knows sets', () => {
    expect(when({ StringEquals: { one: ['a', 'b'], two: 'c' } }, { one: 'b', two: 'c' })).toBe(true);
    expect(when({ StringEquals: { one: ['a', 'b'], two: 'c' } }, { one: 'b', two: 'd' })).toBe(false);
    expect(when({ 'ForAllValues:StringEquals': { one: ['a', 'b'] } }, { one: ['a', 'c'] })).toBe(false);
    expect(when({ 'ForAnyValue:StringEquals': { one: ['a', 'b'] } }, { one: ['a', 'c'] })).toBe(true);
    expect(when({ Null: { one: 'true' } }, {})).toBe(true);
    expect(when({ Null: { one: 'false' } }, {})).toBe(false);
  });

  test('does not judge by an operator that it does not know', () => {
    expect(() => when({ NumericLessThan: { one: '1' } }, { one: '0' })).toThrow(/does not know the operator/);
  });
});
