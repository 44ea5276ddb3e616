import { readReplacementSpec } from '../../../core/delivery/replacement-spec';
import { CORRECTIONS } from '../../../core/delivery/replacement-corrections';
import { STATEFUL_TYPES } from '../../../core/delivery/stateful-types';
import type { ValueMap } from '../../../core/delivery/template';
import { HOLDS_DATA } from '../../lib/support/guards';
import { spec } from './pairs';

describe('the resource specification of the pinned aws-cdk', () => {
  test('is there, and knows what the platform is made of', () => {
    expect(spec().types.size).toBeGreaterThan(1000);
    expect(spec().verdictAt('AWS::RDS::DBInstance', ['DBSubnetGroupName'])).toBe('yes');
    expect(spec().verdictAt('AWS::RDS::DBInstance', ['DBInstanceClass'])).toBe('no');
    expect(spec().verdictAt('AWS::ECR::Repository', ['EncryptionConfiguration', 'KmsKey'])).toBe('yes');
  });

  test('of another shape is refused in words', () => {
    expect(() => readReplacementSpec({ schema: {} })).toThrow(/another shape.*adapt core\/delivery/);
  });

  test('calls nothing stateful that is not in our list', () => {
    expect([...spec().statefulTypes].filter((type) => !STATEFUL_TYPES.has(type))).toEqual([]);
    expect([...STATEFUL_TYPES.keys()].filter((type) => !spec().types.has(type))).toEqual([]);
    expect([...HOLDS_DATA].filter((type) => !STATEFUL_TYPES.has(type))).toEqual([]);
  });

  test('has every property that we correct', () => {
    const gone = Object.entries(CORRECTIONS).flatMap(([type, properties]) =>
      Object.keys(properties).filter((name) => {
        const cause = spec().causes(type, { [name]: 'a' }, { [name]: 'b' });
        return properties[name] !== 'no' && cause.length === 0;
      }),
    );
    expect(gone).toEqual([]);
  });

  test('tells a nested property from one that was not there before', () => {
    const causes = (before: object, after: object) =>
      spec().causes('AWS::FSx::FileSystem', before as ValueMap, after as ValueMap);
    const lustre = (ImportPath: string) => ({ LustreConfiguration: { ImportPath } });
    const path = 'LustreConfiguration.ImportPath';
    expect(causes(lustre('s3://a'), lustre('s3://b'))).toEqual([{ path, verdict: 'yes' }]);
    expect(causes({}, lustre('s3://b'))).toEqual([{ path, verdict: 'maybe' }]);
    expect(causes(lustre('s3://a'), lustre('s3://a'))).toEqual([]);
  });
});
