import { ConfigurationError } from '../lib/config/configuration-error';
import { BundleError, bundleAhead } from '../lib/shared/bundle';

/** Bundles the functions while the CDK loads, which takes as long, and synthesises. */
async function main(): Promise<void> {
  const [{ synthesise }] = await Promise.all([import('../lib/synthesise'), bundleAhead()]);
  synthesise();
}

main().catch((error: unknown) => {
  // A refused configuration and a handler that does not build are for a person to read: the message says it all,
  // and a stack trace hides it.
  const isForPeople = error instanceof ConfigurationError || error instanceof BundleError;
  console.error(isForPeople ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
});
