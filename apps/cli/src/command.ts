import type { Environment } from '#platform';

/** A command of `leadgate`: one file that describes and does it, and one line in commands.ts. Help and parsing come from the description. */
export interface Command {
  /** `<noun> <verb>`, or one word. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What else a person should know; whole sentences. */
  readonly notes?: string;
  readonly arguments?: readonly CommandArgument[];
  /** By name, without the dashes. `json` and `help` belong to every command. */
  readonly options?: Readonly<Record<string, CommandOption>>;
  run(call: Call): Promise<Report>;
}

export interface CommandArgument {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
}

export interface CommandOption {
  readonly summary: string;
  /** What stands for its value in help, e.g. `ID`; absent: the option has none. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
}

/** Where a command runs. */
export interface World {
  readonly env: Environment;
  /** What relative paths on the command line start from. */
  readonly folder: string;
  /** The folder of the clone or of the image: settings and migrations start from it. */
  readonly projectRoot: string;
  /** Standard output. */
  write(text: string): void;
  /** Standard error. */
  complain(text: string): void;
}

/** One call of a command. */
export class Call {
  constructor(
    readonly world: World,
    private readonly given: ReadonlyMap<string, string>,
    private readonly options: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** @throws when the command did not declare it as required: a mistake of ours */
  argument(name: string): string {
    const value = this.given.get(name);
    if (value === undefined) throw new Error(`The argument ${name} is not required by this command's description`);
    return value;
  }

  optionalArgument(name: string): string | undefined {
    return this.given.get(name);
  }

  /** The value of an option; of one that was given several times the last. */
  value(option: string): string | undefined {
    return this.options.get(option)?.at(-1);
  }

  values(option: string): readonly string[] {
    return this.options.get(option) ?? [];
  }
}

/** What a command has to say: `text` for people, `json` for programs. */
export interface Report {
  /** 0: all is well, or done. 1: it ran and the answer is bad news. */
  readonly exitCode: 0 | 1;
  readonly text: string;
  readonly json: unknown;
}

/** A command could not do its work; the message is the whole story for the person who called it. Exit code 1. */
export class CommandProblem extends Error {
  readonly code = 'command_failed';
}

/** The command line was not understood. Exit code 2. */
export class UsageProblem extends Error {
  readonly code = 'usage';
}
