/** A generator of Prisma's that generates nothing and writes down what the schema says: see prisma-differences.ts. */
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const results = {
  getManifest: () => ({ manifest: { prettyName: 'DMMF', defaultOutput: '.' } }),
  generate: ({ dmmf }) => {
    writeFileSync(process.env.DMMF_FILE, JSON.stringify(dmmf.datamodel));
    return null;
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  // Generators answer on standard error.
  process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: results[method](params) })}\n`);
}
