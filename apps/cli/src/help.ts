import type { Command } from './command.js';
import { COMMON_OPTIONS } from './command-line.js';

const EXIT_CODES =
  'Exit codes: 0 all is well, or done · 1 it ran and the answer is bad news, or it failed · 2 the command line was not understood.';

/** Columns of a terminal that nobody made wider. */
const WIDTH = 100;

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
    ...columns(some.map((command) => [`  leadgate ${shortUsage(command)}`, command.summary])),
    '',
    'Every command takes --help, which explains its options, and --json.',
    EXIT_CODES,
    '',
  ].join('\n');
}

function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  return [
    ...wrapped(`leadgate ${usage(command)}`),
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

/** As much as fits beside a summary. */
function shortUsage(command: Command): string {
  return [...namesOf(command), ...(command.options === undefined ? [] : ['[options]'])].join(' ');
}

function usage(command: Command): string {
  const { options = {} } = command;
  const flags = Object.entries(options).map(
    ([option, { value, many }]) => `[--${option}${value === undefined ? '' : ` ${value}`}]${many === true ? '...' : ''}`,
  );
  return [...namesOf(command), ...flags].join(' ');
}

function namesOf({ name, arguments: known = [] }: Command): string[] {
  return [name, ...known.map((argument) => (argument.required ? argument.name : `[${argument.name}]`))];
}

/** Broken before a bracket where it gets too long for a terminal; what follows is indented. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const part of text.split(/ (?=\[)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length < WIDTH) lines.splice(-1, 1, `${last} ${part}`);
    else lines.push(last === undefined ? part : `    ${part}`);
  }
  return lines;
}

/** Two columns, the second one aligned. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}   ${right}`.trimEnd());
}
