import { defineConfig, globalIgnores } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const clocks = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Take `now` from wiring: a clock that cannot be set cannot be tested.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take `now` from wiring: a clock that cannot be set cannot be tested.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Take randomness from wiring; for secrets Math.random is no randomness at all.',
  },
];

const everywhere = [
  { selector: 'ExportAllDeclaration', message: 'No barrels: the path is the name.' },
  {
    selector:
      "TSEnumDeclaration, TSModuleDeclaration[kind='namespace'], TSParameterProperty, TSImportEqualsDeclaration, TSExportAssignment",
    message: "Node's type stripping erases types only; this needs compiling.",
  },
];

const environment = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only lib/config reads the environment: there every problem is reported at once.',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
    message: 'Only lib/config reads the environment.',
  },
];

const focusAndSkips = [
  {
    selector: "CallExpression MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name='only']",
    message: 'A focused test silences all the others.',
  },
  {
    selector: 'CallExpression MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name=/^(skip|todo|fails)$/]',
    message: 'No test is switched off. What cannot run here says why: context.skip(reason), or describe.skipIf for suites that need Kafka.',
  },
  {
    selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^(mock|doMock|hoisted)$/]",
    message: 'No mocks of our own code: use real parts or an in-memory implementation of the port.',
  },
];

export default defineConfig(
  globalIgnores(['node_modules/', '.relay/', 'cdk.out/', 'dist/', 'coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { regexp },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Tables and descriptions are typed `type X = z.infer<…>` beside `interface`; both are read well.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // tsc's noPropertyAccessFromIndexSignature asks for the brackets that this rule would take away.
      '@typescript-eslint/dot-notation': 'off',
      // Loops that end from inside read better than a flag.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      // `return reply(response, 404)` ends a function early in one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // A port's in-memory or synchronous implementation is async because the port is.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      eqeqeq: 'error',
      'max-params': 'off',
      '@typescript-eslint/max-params': ['error', { max: 4 }],
      'no-console': 'error',
      'no-implicit-coercion': ['error', { allow: ['!!'] }],
      'no-restricted-syntax': ['error', ...everywhere, ...environment],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['lib/**/*.ts', 'functions/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 200, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 20],
    },
  },
  { files: ['lib/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...everywhere, ...environment, ...clocks] } },
  {
    // Outside bytes meet these expressions: none may take more than linear time to say no. Tools and tests meet only our own.
    files: ['lib/**/*.ts', 'functions/**/*.ts', 'cli/**/*.ts', 'local/**/*.ts'],
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
      'regexp/no-dupe-disjunctions': [
        'error',
        { report: 'trivial', reportExponentialBacktracking: 'potential', reportUnreachable: 'certain' },
      ],
    },
  },
  { files: ['lib/config/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...everywhere, ...clocks] } },
  { files: ['local/**/*.ts', 'cli/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts', 'infra/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['scripts/**/*.ts', 'vitest.config.ts'], rules: { 'no-console': 'off', 'no-restricted-syntax': ['error', ...everywhere] } },
  // What a run did by chance (seeds, kills, counts) must stand in its output, and the broker says that it is downloaded.
  { files: ['test/{support,integration,e2e}/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...everywhere, ...focusAndSkips],
      // What an answer holds is what the test is about: it is looked at, and a wrong guess fails.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/max-params': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // A reader of JSON that answers the type its caller names is honest enough for a test.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    // These parts are objects of closures, not classes: a method taken from one still works.
    files: ['local/**/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly' } },
    rules: { eqeqeq: 'error', 'no-undef': 'error', 'no-unused-vars': 'error', 'prefer-const': 'error' },
  },
);
