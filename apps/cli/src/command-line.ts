import { parseArgs } from 'node:util';
import { nearestName } from '#platform';
import { Call, UsageProblem, type Command, type CommandOption, type World } from './command.js';

/** What a command line asks for. `topic` is the words that name a command or the beginning of some. */
export type Asked =
  | { readonly kind: 'help'; readonly topic: readonly string[] }
  | { readonly kind: 'run'; readonly command: Command; readonly call: Call; readonly json: boolean };

export const COMMON_OPTIONS: Readonly<Record<string, CommandOption>> = {
  json: { summary: 'the answer as one JSON document' },
  help: { summary: 'this text' },
};

/**
 * Finds the command that the first words name and reads the rest by its description.
 * @throws UsageProblem
 */
export function readCommandLine(words: readonly string[], commands: readonly Command[], world: World): Asked {
  const [first = 'help', ...others] = words;
  if (first === 'help') return { kind: 'help', topic: others };
  if (first === '--help' || first === '-h') return { kind: 'help', topic: [] };
  const command = commands.find(({ name }) => startsWith(words, name.split(' ')));
  if (command === undefined) return nounOrStranger(words, commands);

  const { positionals, options } = readOptions(command, words.slice(command.name.split(' ').length));
  if (options.has('help')) return { kind: 'help', topic: command.name.split(' ') };
  return { kind: 'run', command, call: new Call(world, readArguments(command, positionals), options), json: options.has('json') };
}

function startsWith(words: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((word, index) => words[index] === word);
}

/** `leadgate config --help` is help about a noun; `leadgate confg check` is a slip. */
function nounOrStranger(words: readonly string[], commands: readonly Command[]): Asked {
  const [noun = '', verb] = words;
  const verbs = commands.map(({ name }) => name.split(' ')).filter(([first]) => first === noun);
  if (verbs.length > 0 && (verb === '--help' || verb === '-h')) return { kind: 'help', topic: [noun] };
  if (verbs.length > 0) {
    const known = verbs.map(([, second]) => second).join(', ');
    throw new UsageProblem(`\`leadgate ${noun}\` needs one of: ${known}${verb === undefined ? '' : `; "${verb}" is none of them`}.`);
  }
  const written = words.filter((word) => !word.startsWith('-')).slice(0, 2);
  const names = commands.map(({ name }) => name);
  const meant = nearestName(written.join(' '), names) ?? nearestName(noun, names);
  throw new UsageProblem(
    `There is no command "${written.join(' ')}"${meant === undefined ? '.' : `; did you mean \`leadgate ${meant}\`?`} \`leadgate --help\` lists them.`,
  );
}

function readOptions(command: Command, words: readonly string[]): { positionals: string[]; options: Map<string, string[]> } {
  const known: Readonly<Record<string, CommandOption>> = { ...command.options, ...COMMON_OPTIONS };
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value }]) => [name, { type: value === undefined ? ('boolean' as const) : ('string' as const) }]),
    ),
    // Our own words for what is wrong; parseArgs only takes the line apart.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const options = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') {
      const name = token.rawName === '-h' ? 'help' : token.name;
      const value = readOption(command.name, token.rawName, known[name], token.value);
      const before = options.get(name) ?? [];
      if (before.length > 0 && known[name]?.value !== undefined && known[name].many !== true) {
        throw new UsageProblem(`${token.rawName} is given twice.`);
      }
      options.set(name, [...before, value]);
    }
  }
  return { positionals, options };
}

function readOption(command: string, written: string, option: CommandOption | undefined, value: string | undefined): string {
  if (option === undefined)
    throw new UsageProblem(`\`leadgate ${command}\` has no option ${written}; \`leadgate ${command} --help\` lists those it has.`);
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageProblem(`${written} takes no value.`);
    return '';
  }
  if (value === undefined || value.startsWith('--')) throw new UsageProblem(`${written} needs its ${option.value}.`);
  return value;
}

function readArguments({ name, arguments: known = [] }: Command, positionals: readonly string[]): Map<string, string> {
  const missing = known.find(({ required }, index) => required && positionals[index] === undefined);
  if (missing !== undefined) throw new UsageProblem(`\`leadgate ${name}\` needs ${missing.name}: ${missing.summary}.`);
  const surplus = positionals[known.length];
  if (surplus !== undefined) throw new UsageProblem(`\`leadgate ${name}\` does not know what to do with "${surplus}".`);
  return new Map(positionals.map((value, index) => [known[index]?.name ?? '', value]));
}
