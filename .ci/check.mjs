// npm run check: every static check in one go. Each runs to its end; the failures come last, with the command that mends them.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** npm script → what it protects, and what to do when it fails. The first one generates the database client and builds; the others run beside each other. */
const CHECKS = [
  { script: 'env:check', about: '.env.example and the settings in README.md', mend: 'npm run env:example' },
  { script: 'types', about: 'strict types', mend: 'correct the lines named above' },
  { script: 'rules', about: 'import and source rules', mend: 'each rule says below its breaches how to mend them' },
  { script: 'format:check', about: 'formatting', mend: 'npm run format' },
  { script: 'deadcode', about: 'unused files, exports and packages', mend: 'delete what is named above, or use it' },
  { script: 'lint', about: 'lint rules', mend: 'npm run lint -- --fix, and by hand what is left' },
  { script: 'openapi:check', about: 'openapi.json', mend: 'npm run openapi' },
  {
    script: 'db:check',
    about: 'prisma/schema.prisma against the migrations',
    mend: 'npm run db:check says which differs; change the one that is wrong',
  },
];

/** @returns {Promise<{ script: string, ok: boolean, seconds: number, output: string }>} */
async function run({ script }) {
  const began = performance.now();
  const child = spawn('npm', ['run', '--silent', script], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += error.message;
      resolve(1);
    });
    child.on('close', resolve);
  });
  return { script, ok: code === 0, seconds: (performance.now() - began) / 1000, output };
}

const results = [];
const [first, ...waiting] = CHECKS;
async function judge(check) {
  const result = await run(check);
  results.push(result);
  const duration = result.seconds.toFixed(1).padStart(5);
  console.log(`${result.ok ? 'ok    ' : 'FAILED'} ${result.script.padEnd(14)} ${duration} s  ${check.about}`);
}
await judge(first);
const worker = async () => {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await judge(check);
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));

const failed = results.filter(({ ok }) => !ok);
for (const { script, output } of failed) {
  const { mend } = CHECKS.find((check) => check.script === script);
  console.log(`\n── npm run ${script} ${'─'.repeat(Math.max(0, 60 - script.length))}\n${output.trim()}\n→ ${mend}`);
}
console.log(
  failed.length === 0
    ? `\n${results.length} checks passed`
    : `\n${failed.length} of ${results.length} checks failed: ${failed.map(({ script }) => script).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
