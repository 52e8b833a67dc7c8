// Applies the source rules to a small program. In: JSON { path: text } on stdin. Out: JSON breaches on stdout.
// A process of its own, because the rules are ESM and jest runs CommonJS.
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import ts from 'typescript';
import { breachesOf } from '../../../.ci/checks/source-rules.mjs';

const sources = new Map(Object.entries(JSON.parse(await text(process.stdin))).map(([path, source]) => [join(process.cwd(), path), source]));
const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, strict: true, types: ['node'], noEmit: true };
const disk = ts.createCompilerHost(options);
const program = ts.createProgram([...sources.keys()], options, {
  ...disk,
  fileExists: (file) => sources.has(file) || disk.fileExists(file),
  readFile: (file) => sources.get(file) ?? disk.readFile(file),
  getSourceFile: (file, languageVersion) =>
    sources.has(file) ? ts.createSourceFile(file, sources.get(file), languageVersion, true) : disk.getSourceFile(file, languageVersion),
});
process.stdout.write(JSON.stringify(breachesOf(program, (file) => relative(process.cwd(), file))));
