import { type Finding, SUPPRESSIONS, unsuppressed } from '../../scripts/cfn-lint';

const zone: Finding = {
  rule: 'W3010',
  at: 'prodNetworkDD3A5CC1.template.json: Resources/VpcDataSubnet1Subnet8E3CA4ED/Properties/AvailabilityZone',
  message: 'Avoid hardcoding availability zones',
};
const [zones] = SUPPRESSIONS.filter(({ rule }) => rule === 'W3010');

describe('cfn-lint', () => {
  test('findings fail but for those that are suppressed where they are', () => {
    const elsewhere = {
      ...zone,
      at: 'prodNetworkDD3A5CC1.template.json: Resources/Volume/Properties/AvailabilityZone',
    };

    expect(unsuppressed([zone], [zones!])).toEqual([]);
    expect(unsuppressed([zone, elsewhere], [zones!])).toEqual([
      `W3010 at ${elsewhere.at}: ${elsewhere.message}`,
    ]);
    expect(unsuppressed([zone, { ...zone, rule: 'E3001' }], [zones!])).toEqual([
      `E3001 at ${zone.at}: ${zone.message}`,
    ]);
  });

  test('a suppression that matches nothing any more fails', () => {
    expect(unsuppressed([], [zones!])).toEqual([
      expect.stringMatching(/^the suppression of W3010 .* matches nothing/),
    ]);
  });

  test('every suppression gives its reason in a sentence', () => {
    expect(SUPPRESSIONS.filter(({ reason }) => !/^\w.*\.$/.test(reason))).toEqual([]);
  });
});
