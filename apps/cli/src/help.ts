import type { Command } from './command.js';
import { COMMON_OPTIONS } from './command-line.js';

const EXIT_CODES =
  'Exit codes: 0 all is well, or done · 1 it ran and the answer is bad news, or it failed · 2 the command line was not understood.';

/** Help about what the words name: all commands, those of a noun, or one; undefined when they name nothing. */
export function renderHelp(topic: readonly string[], commands: readonly Command[]): string | undefined {
  const wanted = topic.join(' ');
  const one = commands.find(({ name }) => name === wanted);
  if (one !== undefined) return helpOf(one);
  const some = commands.filter(({ name }) => wanted === '' || name.split(' ')[0] === wanted);
  if (some.length === 0) return undefined;
  return [
    'leadgate <noun> <verb>: look after a Leadgate gateway. It works on DATABASE_URL, or on the Postgres that `npm start` runs.',
    '',
    ...columns(some.map((command) => [`  leadgate ${usage(command)}`, command.summary])),
    '',
    'Every command takes --help and --json.',
    EXIT_CODES,
    '',
  ].join('\n');
}

function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  return [
    `leadgate ${usage(command)}`,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.notes === undefined ? [] : [command.notes]),
    '',
    ...columns([
      ...(command.arguments ?? []).map(({ name, summary }): [string, string] => [`  ${name}`, summary]),
      ...options.map(([name, { value, summary }]): [string, string] => [`  --${name}${value === undefined ? '' : ` ${value}`}`, summary]),
    ]),
    '',
    EXIT_CODES,
    '',
  ].join('\n');
}

function usage({ name, arguments: known = [], options = {} }: Command): string {
  const words = known.map((argument) => (argument.required ? argument.name : `[${argument.name}]`));
  const flags = Object.entries(options).map(
    ([option, { value, many }]) => `[--${option}${value === undefined ? '' : ` ${value}`}]${many === true ? '...' : ''}`,
  );
  return [name, ...words, ...flags].join(' ');
}

/** Two columns, the second one aligned. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}   ${right}`.trimEnd());
}
