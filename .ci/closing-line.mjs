// node .ci/closing-line.mjs <exit code> <jest result>…  prints "<n> passed, <m> failed". The first result is the whole suite; the others
// repeat parts of it elsewhere, so of them only the failures count. A step that failed without a failing test counts as one.
import { existsSync, readFileSync } from 'node:fs';

const [code, ...files] = process.argv.slice(2);
const [whole, ...again] = files.filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const failures = (result) => result.numFailedTests + result.numRuntimeErrorTestSuites;
const failed = [whole, ...again].filter(Boolean).reduce((sum, result) => sum + failures(result), 0);
console.log(`${whole?.numPassedTests ?? 0} passed, ${failed === 0 && code !== '0' ? 1 : failed} failed`);
