// Rules that types cannot carry. TypeScript itself checks unused names, returns and fall-through.
const restricted = (patterns) => ["error", { patterns }];

export default [
  { ignores: ["dist/**", "node_modules/**", ".jitnode-dev/**", "test/fixtures/**"] },
  {
    files: ["**/*.ts", "**/*.js"],
    languageOptions: {
      parser: (await import("@babel/eslint-parser")).default,
      parserOptions: { requireConfigFile: false, babelOptions: { presets: ["@babel/preset-typescript"] } },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "no-debugger": "error",
      "no-eval": "error",
      "no-new-func": "error",
      "no-throw-literal": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-self-compare": "error",
      "no-unreachable": "error",
      "no-unsafe-finally": "error",
      "no-constant-binary-expression": "error",
      "require-atomic-updates": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "TSAnyKeyword", message: "unknown, narrowed at the edge, instead of any" },
        { selector: "TSEnumDeclaration", message: "a union of strings instead of an enum" },
        { selector: "TSNonNullExpression", message: "narrow instead of asserting with !" },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/platform/**"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "time comes through platform/clock" },
        { object: "Math", property: "random", message: "randomness comes through platform/random" },
      ],
      "no-restricted-imports": restricted([{ group: ["**/utils", "**/lib"], message: "no utils, no lib" }]),
    },
  },
  { files: ["scripts/**", "test/**"], rules: { "no-console": "off" } },
];
