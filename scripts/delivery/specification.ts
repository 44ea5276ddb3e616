import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UnreadableTemplateError } from '../../core/delivery/errors';
import { readReplacementSpec, type ReplacementSpec } from '../../core/delivery/replacement-spec';

/**
 * AWS's resource specification, as the pinned `aws-cdk` carries it for its own diff. It is no part of that package's
 * interface: a version that has it elsewhere, or in another shape, is refused in words, and a test reads it.
 *
 * @throws UnreadableTemplateError
 */
export function loadSpecification(): ReplacementSpec {
  const file = join(dirname(require.resolve('aws-cdk/package.json')), 'db.json.gz');
  let database: unknown;
  try {
    database = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
  } catch (cause) {
    throw new UnreadableTemplateError(
      `${file}, the resource specification, could not be read: install the aws-cdk that package.json pins (npm ci)`,
      { cause },
    );
  }
  return readReplacementSpec(database);
}
