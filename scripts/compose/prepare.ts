import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { saidBy } from '../../core/shared/errors';
import { PrepareEnvironment } from './environment';
import { makeFiles } from './make-files';
import { makeRoles } from './make-roles';
import { makeSecrets } from './make-secrets';

/**
 * What the containers of `docker-compose.yml` need before they begin, and CloudFormation makes on AWS. It may run as
 * often as one likes.
 *
 *     node prepare.js secrets   puts secrets into the emulator; on a real Secrets Manager somebody has made them
 *     node prepare.js files     certificates, and who may come in
 *     node prepare.js roles     the database's roles
 */
const STEPS = { secrets: makeSecrets, files: makeFiles, roles: makeRoles } as const;

async function main(words: readonly string[]): Promise<void> {
  const environment = PrepareEnvironment.parse(process.env);
  const unknown = words.filter((word) => !Object.hasOwn(STEPS, word));
  if (words.length === 0 || unknown.length > 0) {
    throw new Error(`there is no step "${unknown.join(' ')}"; there are: ${Object.keys(STEPS).join(', ')}`);
  }
  const secretsManager = new SecretsManagerClient({});
  try {
    for (const word of words as (keyof typeof STEPS)[]) {
      const done = await STEPS[word](secretsManager, environment);
      console.log(`${word}: ${done.length === 0 ? 'all was there' : done.join('; ')}`);
    }
  } finally {
    secretsManager.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(saidBy(error));
  process.exitCode = 1;
});
