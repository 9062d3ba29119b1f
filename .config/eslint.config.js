import tseslint from 'typescript-eslint'
import { layers } from './layers.js'

const casts = [
  {
    selector: 'TSAsExpression > TSAnyKeyword, TSTypeAssertion > TSAnyKeyword',
    message: 'A cast to any hides the type error: narrow the value, or decode it with io-ts.'
  },
  {
    selector: 'TSAsExpression > TSAsExpression > TSUnknownKeyword',
    message: 'A cast through unknown hides the type error: narrow the value, or decode it with io-ts.'
  }
]

export default tseslint.config(
  {
    ignores: [
      'dist',
      'runs',
      'coverage',
      '.cache',
      'spec/.examples',
      'bench/results',
      'docs/api',
      '**/node_modules'
    ]
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { layers },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'layers/imports': 'error',
      'no-restricted-syntax': ['error', ...casts],
      'max-lines': ['error', 300],
      eqeqeq: 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true }
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Strings here are index letters, and an async method may fulfil an interface without waiting.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/require-await': 'off',
      // It does not see the narrowing of a type parameter, and its fix then breaks the build.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Typed-array loops index within bounds that the type checker cannot see.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A type parameter that appears once documents a shape in fp-ts style signatures.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off'
    }
  },
  {
    // A suite of a spec is as long as its tests are many; data is no code.
    files: ['{lib,kernels,bench}/**/*.ts'],
    rules: { 'max-lines-per-function': ['error', 100] }
  },
  { files: ['lib/data/digits/text.ts'], rules: { 'max-lines': 'off' } },
  {
    // Still to be split.
    files: ['spec/attack/run.spec.ts'],
    rules: { 'max-lines': ['error', 400], 'max-lines-per-function': ['error', 320] }
  },
  {
    // Checked by tsc, or by the build of the site; the linter's project service does not look into dot folders.
    files: ['.config/*.ts', 'docs/.vitepress/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } }
  },
  {
    // Everything but io/ and cli/ also runs in a browser; only cli/ speaks to a terminal.
    files: ['lib/**/*.ts', 'kernels/**/*.ts'],
    ignores: ['lib/io/**', 'lib/cli/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'global',
        'require',
        '__dirname',
        '__filename',
        'setImmediate'
      ]
    }
  }
)
