/**
 * The arrows of docs/architecture.md. One rule per wing: which other wings it may import.
 * `bin → lib, cli`; `lib → lambdas env contracts → core`; `cli, lambdas, local, services → core`.
 * test/, bench/ and scripts/ may look at everything; nothing may look at them.
 */
const wing = (name, mayImport) => ({
  name: `${name}-arrows`,
  severity: 'error',
  comment: `${name} may import only itself and: ${mayImport.join(', ') || 'nothing else of the project'}`,
  from: { path: `^${name}/` },
  to: {
    path: '^(bin|lib|lambdas|core|cli|local|services|test|bench|scripts)/',
    pathNot: [`^${name}/`, ...mayImport],
  },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    wing('bin', ['^lib/', '^cli/']),
    wing('lib', ['^lambdas/.+/env\\.ts$', '^services/[^/]+/src/environment\\.ts$', '^core/']),
    wing('lambdas', ['^core/']),
    wing('cli', ['^core/']),
    wing('local', ['^core/']),
    wing('services', ['^core/']),
    wing('core', []),
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle means that two files are one idea, or that an idea is in the wrong room',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-knows-no-aws-infrastructure',
      severity: 'error',
      comment: 'core holds what is true wherever it runs: no construct and no Lambda plumbing',
      from: { path: '^core/' },
      to: { path: '(aws-cdk-lib|^node_modules/constructs|@middy|@aws-lambda-powertools)' },
    },
    {
      name: 'no-production-import-of-dev-dependency',
      severity: 'error',
      comment: 'A handler or core file that needs a package at run time needs it in "dependencies"',
      from: { path: '^(core|lambdas)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: ['@types/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Prisma's generated client refers to itself in circles.
    exclude: { path: '/(generated|dist|\\.next)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
