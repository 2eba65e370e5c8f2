/** The arrows of the design: scripts -> kfp, katib, knative -> functions -> events. Whatever points back is refused. */
const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: typeof to === 'string' ? { path: to } : to,
});

const SHARED = 'host|store|client|dataset|model|plots|pipelines';
const INTERPRETERS = 'kfp|katib|knative';

// biome-ignore lint/style/noDefaultExport: dependency-cruiser reads nothing else
export default {
  forbidden: [
    rule('events-know-nobody', 'The contract imports nothing of the project.', '^events/', {
      path: `^(functions|${INTERPRETERS}|scripts|test)/`,
    }),
    rule('functions-know-events-only', 'Functions do not know who interprets them.', '^functions/', {
      path: `^(${INTERPRETERS}|scripts|test)/`,
    }),
    {
      name: 'functions-meet-in-events',
      comment: 'A function never imports another function.',
      severity: 'error',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^functions/', pathNot: [`^functions/(${SHARED})/`, '^functions/$1/'] },
    },
    {
      name: 'shared-rooms-know-no-function',
      comment: 'What all functions use knows none of them.',
      severity: 'error',
      from: { path: `^functions/(${SHARED})/` },
      to: { path: '^functions/', pathNot: `^functions/(${SHARED})/` },
    },
    {
      name: 'interpreters-know-the-host-only',
      comment: 'Functions are found by the manifests; an interpreter imports the rooms that all of them share.',
      severity: 'error',
      from: { path: `^(${INTERPRETERS})/` },
      to: { path: '^functions/', pathNot: `^functions/(${SHARED})/` },
    },
    rule('scripts-on-top', 'Nothing imports the command.', `^(${INTERPRETERS})/`, '^(scripts|test)/'),
    rule('nobody-imports-tests', 'Tests are for tests.', '^scripts/', '^test/'),
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one, or hide a third. Types that refer to each other are no harm.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-missing',
      comment: 'What is imported has to be there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-packages-only',
      comment:
        'A package that package.json does not name may be gone tomorrow; what runs may not need a devDependency.',
      severity: 'error',
      from: { path: `^(events|functions|${INTERPRETERS})/` },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only', 'npm', 'npm-optional'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The kernel is AssemblyScript: another language, which imports without file extensions.
    exclude: { path: '(^|/)(\\.xorflow|build)/|^functions/train/engines/fused/kernel/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'default', 'types'],
    },
    skipAnalysisNotInRules: true,
  },
};
