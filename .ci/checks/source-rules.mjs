// Rules about single source files that neither oxlint nor dependency-cruiser knows. Each has a case in test/rules/source-rules.spec.ts.
import ts from 'typescript';

const isSpec = (path) => path.endsWith('.spec.ts') || path.startsWith('test/');
const isPure = (path) => !isSpec(path) && !path.includes('/testing/') && (path.startsWith('libs/core/') || path.endsWith('.stage.ts'));

const PURE_BANS = new Map([
  ['Date.now', 'reads the clock'],
  ['Math.random', 'is random'],
  ['performance.now', 'reads the clock'],
  ['crypto.randomUUID', 'is random'],
  ['randomUUID', 'is random'],
  ['setTimeout', 'waits'],
  ['setInterval', 'waits'],
  ['process.env', 'reads the environment'],
  ['process.hrtime', 'reads the clock'],
]);

const WAIVER = /(?:eslint|oxlint)-disable|@ts-(?:ignore|nocheck|expect-error)|prettier-ignore|istanbul ignore|c8 ignore/;

/**
 * A rule looks at one node and returns undefined or what is wrong with it.
 * `applies` says to which files it applies, by their path from the project folder; `mend` is printed once below its breaches.
 */
export const SOURCE_RULES = [
  {
    name: 'import-meta-in-main-only',
    mend: 'Tests load every other file as CommonJS, where import.meta is a syntax error. Take the path as a parameter; main.ts passes it in.',
    applies: (path) => !/^(apps\/[^/]+\/src|bench)\/main\.ts$/.test(path),
    look: (node) => (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword ? 'import.meta' : undefined),
  },
  {
    name: 'pure-code-takes-time-and-chance-as-arguments',
    mend: 'libs/core and *.stage.ts give the same result for the same facts, so a decision can be repeated and tested. Pass the moment, the id or the setting in.',
    applies: isPure,
    look: (node) => {
      if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date() reads the clock';
      if (!ts.isPropertyAccessExpression(node) && !(ts.isCallExpression(node) && ts.isIdentifier(node.expression))) return undefined;
      const name = ts.isCallExpression(node) ? node.expression.getText() : node.getText();
      return PURE_BANS.has(name) ? `${name} ${PURE_BANS.get(name)}` : undefined;
    },
  },
  {
    name: 'no-floating-promise',
    mend: 'A promise nobody waits for loses its error and may outlive the transaction or the shutdown. Await it, return it, add .catch(…), or write `void` before it if that is meant.',
    applies: () => true,
    look: (node, checker) => {
      if (!ts.isExpressionStatement(node)) return undefined;
      const { expression } = node;
      if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression) || isKept(expression) || isCaught(expression))
        return undefined;
      return isPromise(checker.getTypeAtLocation(expression)) ? `${shown(expression)} is not awaited` : undefined;
    },
  },
  {
    name: 'no-promise-where-none-is-expected',
    mend: 'The caller ignores what this callback returns, so a rejection ends the process. Make the callback plain and handle the promise in it.',
    applies: (path) => !isSpec(path),
    look: (node, checker) => {
      if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return undefined;
      if (!node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) || !ts.isCallExpression(node.parent)) return undefined;
      const signatures = checker.getContextualType(node)?.getCallSignatures() ?? [];
      const ignored = signatures.length > 0 && signatures.every((signature) => signature.getReturnType().flags & ts.TypeFlags.Void);
      return ignored ? `async callback of ${shown(node.parent.expression)}` : undefined;
    },
  },
  {
    name: 'no-sleep-in-specs',
    mend: 'A fixed wait is too short on a slow machine and too long on every other. Wait for the fact itself (test/support).',
    applies: (path) => path.endsWith('.spec.ts'),
    look: (node) => {
      if (ts.isImportDeclaration(node) && /^['"](node:)?timers\/promises['"]$/.test(node.moduleSpecifier.getText()))
        return 'timers/promises';
      const made = ts.isNewExpression(node) && node.expression.getText() === 'Promise' ? node.arguments?.[0] : undefined;
      return made && /^\(?(\w+)\)?\s*=>\s*\{?\s*(?:return\s+)?setTimeout\(\s*\1\s*,/.test(made.getText()) ? shown(node) : undefined;
    },
  },
  {
    name: 'no-waivers',
    mend: 'A rule that is switched off in one place protects nothing there. Change the code, or the rule for everybody with its reason.',
    applies: () => true,
    look: (node) => {
      const text = node.getSourceFile().text;
      const comments = [...(ts.getLeadingCommentRanges(text, node.pos) ?? []), ...(ts.getTrailingCommentRanges(text, node.end) ?? [])];
      return comments.map(({ pos, end }) => WAIVER.exec(text.slice(pos, end))?.[0]).find((waiver) => waiver !== undefined);
    },
  },
];

const shown = (node) => node.getText().replaceAll(/\s+/g, ' ').slice(0, 80);

function isPromise(type) {
  if (type.isUnion()) return type.types.some(isPromise);
  return type.getProperty('then')?.valueDeclaration !== undefined && type.getProperty('catch') !== undefined;
}

/** `this.loop = run()`: somebody else may wait for it. */
const isKept = (expression) =>
  ts.isBinaryExpression(expression) &&
  expression.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
  expression.operatorToken.kind <= ts.SyntaxKind.LastAssignment;

/** `promise.catch(handler)` and `promise.then(on, onError)`, also with `.finally(…)` behind it. */
function isCaught(expression) {
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return false;
  const { name, expression: before } = expression.expression;
  if (name.text === 'catch') return expression.arguments.length > 0;
  if (name.text === 'then') return expression.arguments.length > 1;
  return name.text === 'finally' && isCaught(before);
}

/**
 * @param {ts.Program} program
 * @param {(file: string) => string} pathOf path from the project folder, with slashes
 * @returns {{ rule: string, path: string, line: number, what: string }[]}
 */
export function breachesOf(program, pathOf) {
  const checker = program.getTypeChecker();
  // Keyed, because a comment belongs to every node that begins behind it.
  const breaches = new Map();
  for (const file of program.getSourceFiles()) {
    const path = pathOf(file.fileName);
    if (file.isDeclarationFile || path.includes('node_modules/') || path.startsWith('..')) continue;
    const rules = SOURCE_RULES.filter(({ applies }) => applies(path));
    const walk = (node) => {
      for (const rule of rules) {
        const what = rule.look(node, checker);
        if (what === undefined) continue;
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        breaches.set(`${rule.name} ${path}:${line} ${what}`, { rule: rule.name, path, line, what });
      }
      ts.forEachChild(node, walk);
    };
    ts.forEachChild(file, walk);
  }
  return [...breaches.values()];
}
