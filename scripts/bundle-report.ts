import { bundleFunction, type FunctionSource, labelOf } from '../lib/shared/bundle';

/** The functions that are deployed as a zip; an image's handler is not held to the limit. */
export const ZIP_FUNCTIONS: readonly FunctionSource[] = [
  ...['snapshot', 'retention', 'monitor'].map((name) => ({ capability: 'backup', name })),
  ...['snapshot-copies', 'dump-retention'].map((name) => ({ capability: 'recovery', name })),
  ...[
    'bootstrap',
    ...['master', 'app', 'backup', 'jwt', 'data', 'cache'].map((secret) => `rotate-${secret}`),
    'pick-up',
    'monitor',
  ].map((name) => ({ capability: 'secrets', name })),
];

export interface BundleReport {
  /** `backup-snapshot`. */
  readonly label: string;
  readonly bytes: number;
  /** What each package adds to the bundle, bytes, the largest first; ours is `(this project)`. */
  readonly inputs: readonly { readonly name: string; readonly bytes: number }[];
}

/** What a function's bundle weighs, and why, from what esbuild says of it. */
export function bundleReport(source: FunctionSource): BundleReport {
  const { code, inputs } = bundleFunction(source);
  const byPackage = new Map<string, number>();
  for (const [path, bytes] of inputs) {
    const name = packageOf(path);
    byPackage.set(name, (byPackage.get(name) ?? 0) + bytes);
  }
  return {
    label: labelOf(source),
    bytes: code.length,
    inputs: [...byPackage]
      .map(([name, bytes]) => ({ name, bytes }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name)),
  };
}

/** `@scope/name` or `name` of the innermost package that holds a file. */
function packageOf(path: string): string {
  const inside = path.split('node_modules/').pop() ?? path;
  if (inside === path) return '(this project)';
  return inside.split('/', inside.startsWith('@') ? 2 : 1).join('/');
}
