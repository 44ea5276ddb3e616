import { instanceClassOf } from '../../../lib/config/instance-class';

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html */
test.each([
  ['t4g.micro', 1, 2, true],
  ['t4g.small', 2, 2, true],
  ['t4g.medium', 4, 2, true],
  ['t4g.xlarge', 16, 4, true],
  ['t4g.2xlarge', 32, 8, true],
  ['m8g.large', 8, 2, false],
  ['m7g.4xlarge', 64, 16, false],
  ['r8g.large', 16, 2, false],
  ['r6gd.xlarge', 32, 4, false],
  ['r8g.12xlarge', 384, 48, false],
])('%s has %d GiB and %d processors', (name, gibibytes, processors, isBurstable) => {
  expect(instanceClassOf(name)).toEqual({ memoryBytes: gibibytes * 2 ** 30, processors, isBurstable });
});
