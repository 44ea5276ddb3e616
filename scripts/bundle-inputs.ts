import Table from 'cli-table3';
import { BUNDLE_LIMIT_BYTES } from '../lib/shared/bundle';
import { bundleReport, ZIP_FUNCTIONS } from './bundle-report';

/**
 * Prints each zip function's bundle against the limit, and what it is made of. Exits with 1 when one is over.
 */
const reports = ZIP_FUNCTIONS.map((source) => bundleReport(source));

for (const report of reports) {
  const table = new Table({ head: ['package', 'bytes', '%'], colAligns: ['left', 'right', 'right'] });
  for (const { name, bytes } of report.inputs) {
    table.push([name, bytes.toLocaleString('en-GB'), ((100 * bytes) / report.bytes).toFixed(1)]);
  }
  console.log(
    `${report.label}: ${report.bytes.toLocaleString('en-GB')} of ${BUNDLE_LIMIT_BYTES.toLocaleString('en-GB')} bytes\n${table.toString()}\n`,
  );
}

const tooLarge = reports.filter(({ bytes }) => bytes > BUNDLE_LIMIT_BYTES);
if (tooLarge.length > 0) {
  console.error(
    `over the limit: ${tooLarge.map(({ label }) => label).join(', ')}; see what is above that need not be there`,
  );
  process.exitCode = 1;
}
