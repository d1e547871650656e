// Who may import whom, as docs/architecture.md lays it out: package → packages its sources may import.
const allowed = {
  ir: [],
  dsl: ['ir'],
  models: ['dsl'],
  weights: ['ir'],
  passes: ['ir'],
  onnx: ['ir'],
  webgpu: ['ir', 'runtime'],
  runtime: [],
  // Only types: the manifest that every executor shares.
  session: ['runtime'],
  'session/src/reference': ['ir', 'runtime', 'session'],
  'session/src/webgpu': ['runtime', 'session'],
  'session/src/onnx': ['runtime', 'session'],
};

const tests = '\\.test\\.ts$';

/** One rule per row: what lies under the row's folder imports nothing of `packages/` but itself and what is allowed. */
const directions = Object.entries(allowed).map(([folder, targets]) => {
  const nested = Object.keys(allowed).filter((other) => other.startsWith(`${folder}/`));
  const home = folder.includes('/') ? folder : `${folder}/src`;
  const open = [home, ...targets.map((name) => `${name}/src`)];
  return {
    name: `directions-${folder.replace('/src/', '-')}`,
    severity: 'error',
    comment: `${folder} may import ${targets.length ? targets.join(', ') : 'no other package'}`,
    from: {
      path: `^packages/${home}/`,
      pathNot: [tests, ...nested.map((other) => `^packages/${other}/`)],
    },
    to: { path: '^(packages|examples|test)/', pathNot: open.map((path) => `^packages/${path}/`) },
  };
});

export default {
  forbidden: [
    ...directions,
    {
      name: 'session-core-is-free',
      severity: 'error',
      comment: 'a page loads only what it names, so the core of session imports no executor, tokenizer or image code',
      from: {
        path: '^packages/session/src/',
        pathNot: [tests, '^packages/session/src/(reference|webgpu|onnx|text|image)/'],
      },
      to: { path: '^packages/session/src/(reference|webgpu|onnx|text|image)/' },
    },
    {
      name: 'image-node-apart',
      severity: 'error',
      comment: 'a page that reads images must not be asked for sharp',
      from: { path: '^packages/session/src/', pathNot: [tests, '^packages/session/src/image/node/'] },
      to: { path: '^packages/session/src/image/node/' },
    },
    {
      name: 'casement-imports-packages-only',
      severity: 'error',
      comment: 'sources never import examples or tests',
      from: { path: '^packages/casement/src/', pathNot: tests },
      to: { path: ['^(examples|test)/', tests] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'type-only imports count: a cycle of types is a cycle for the reader too',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'an import nobody can resolve would escape every other rule',
      from: { pathNot: tests },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no parser API yet, so swc reads the sources.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@casement/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
