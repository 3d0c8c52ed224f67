import tseslint from 'typescript-eslint';

// The import fences of CONTRIBUTING.md. tsconfig.pure.json keeps Node and the DOM out of the pure folders by
// types; the patterns below keep out what has types but is still unwanted, node: spellings and dynamic imports included.
const nodeModules =
  '^(node:.*|assert|buffer|child_process|cluster|crypto|dgram|dns|events|fs|http|https|net|os|path|perf_hooks|process|readline|stream|tls|url|util|v8|vm|worker_threads|zlib)(/.*)?$';

/** @param {{ regex: string, message: string }[]} patterns */
const fence = (patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.map((p) => ({ regex: p.regex, message: p.message })) }],
  'no-restricted-syntax': [
    'error',
    ...patterns.map((p) => ({
      selector: `ImportExpression > Literal[value=/${p.regex.replaceAll('/', '\\/')}/]`,
      message: p.message,
    })),
  ],
});

const noVscode = { regex: '^vscode(-languageclient.*)?$', message: 'This area must run without VS Code.' };
const noNode = { regex: nodeModules, message: 'This area is pure: effects are parameters.' };
const noWebview = { regex: '/webview/', message: 'Only the workbench talks to the webview.' };
const noToolkit = {
  regex: '^(@vscode/webview-ui-toolkit|@vscode-elements)',
  message: 'Only src/webview/app/components.ts names the widget toolkit.',
};
const pure = [
  'src/common/**',
  'src/dataset/**',
  'src/dataset-lsp/linter.ts',
  'src/dataset-lsp/{facts,fixes,line-lint,dataset-lint,placement}.ts',
  'src/dataset-lsp/rules/**',
  'src/training/graph/**',
  'src/training/models/**',
  'src/training/adapters/**',
  'src/training/protocol.ts',
  'src/training/settings.ts',
  'src/training/settings-schema.ts',
  'src/evaluation/metrics/**',
  'src/evaluation/{report,numbers,reading,report-cells,benchmark-cells}.ts',
  'src/chat/{conversation,protocol,record,sampling}.ts',
];
const order = (/** @type {string} */ regex) => ({
  regex,
  message: 'Wrong direction: common ← dataset ← training/graph ← models ← adapters.',
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'artifacts/**', '.finetune/**', '**/.venv/**'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { ecmaVersion: 2023 } },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-console': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: fence([noToolkit]) },
  {
    files: pure,
    rules: {
      ...fence([noVscode, noNode, noWebview, noToolkit]),
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use common/random.ts with a seed.' },
        { object: 'Date', property: 'now', message: 'The clock is a parameter.' },
      ],
    },
  },
  {
    files: ['src/common/**'],
    rules: fence([noVscode, noNode, noWebview, order('/(dataset|dataset-lsp|training|evaluation)/')]),
  },
  {
    files: ['src/dataset/**'],
    rules: fence([noVscode, noNode, noWebview, order('/(dataset-lsp|training|evaluation)/')]),
  },
  {
    files: ['src/training/graph/**'],
    rules: fence([noVscode, noNode, noWebview, order('/(models|adapters|engines|weights|evaluation|dataset-lsp)/')]),
  },
  {
    files: ['src/{hub,training,evaluation,export,chat,cli}/**'],
    ignores: pure,
    rules: fence([noVscode, noWebview, noToolkit]),
  },
  {
    files: ['src/dataset-lsp/**'],
    ignores: [...pure, 'src/dataset-lsp/client.ts'],
    rules: fence([noVscode, noWebview, noToolkit]),
  },
  { files: ['src/webview/app/**'], rules: fence([noVscode, noNode, noToolkit]) },
  { files: ['src/webview/app/components.ts'], rules: fence([noVscode, noNode]) },
);
