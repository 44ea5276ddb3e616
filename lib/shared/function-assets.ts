import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rdsAuthorities } from '../../core/postgres/rds-authorities';
import {
  BundleError,
  bundleFunction,
  bundleProgram,
  type FunctionSource,
  PROGRAMS,
  PROJECT_ROOT,
  sourceFolder,
} from './bundle';

/** `zip`: the handler, with RDS's authorities when it names them. `image`: the handler with a Dockerfile and what that copies. */
export type Packaging = 'zip' | 'image';

/**
 * Lends a folder with what a function's asset holds. CDK copies it into the assembly while the construct is
 * made, so the folder is gone afterwards, and two syntheses at once never share one.
 *
 * An image's folder is a build context: `index.js`, the function's own `Dockerfile`, the programs that it names
 * (`golive.js`), and `rds-ca.pem`, the certificate authorities of RDS in every region. Docker builds it at deployment, never at synthesis.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 *
 * @throws BundleError when the handler does not build or an image has no Dockerfile
 */
export function withAssetFolder<T>(
  source: FunctionSource,
  packaging: Packaging,
  use: (folder: string) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'golive-asset-'));
  try {
    const { code } = bundleFunction(source);
    writeFileSync(join(folder, 'index.js'), code);
    if (packaging === 'image') addImageFiles(folder, source);
    else if (Buffer.from(code).includes(AUTHORITIES)) addAuthorities(folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The certificate authorities of RDS in every region. */
const AUTHORITIES = 'rds-ca.pem';

/** A process of its own, which a drill starts from beside the program. */
const SUPERVISOR = 'supervisor-process.mjs';

function addImageFiles(folder: string, source: FunctionSource): void {
  const dockerfile = join(sourceFolder(source), 'Dockerfile');
  if (!existsSync(dockerfile)) {
    throw new BundleError(`no Dockerfile at ${dockerfile}: write one, or package the function as a zip`);
  }
  const text = readFileSync(dockerfile, 'utf8');
  writeFileSync(join(folder, 'Dockerfile'), text);
  for (const program of Object.keys(PROGRAMS)) {
    const file = `${program}.js`;
    if (text.includes(file)) writeFileSync(join(folder, file), bundleProgram(program).code);
  }
  if (text.includes(SUPERVISOR))
    copyFileSync(join(PROJECT_ROOT, 'core/shared', SUPERVISOR), join(folder, SUPERVISOR));
  addAuthorities(folder);
}

function addAuthorities(folder: string): void {
  writeFileSync(join(folder, AUTHORITIES), rdsAuthorities());
}
