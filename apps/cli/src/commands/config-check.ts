import { configFolderOf, listConfigFiles, loadConfigFile, problemsBetween, readFailure, type LoadedFile } from '#platform';
import { CommandProblem, type Command } from '../command.js';
import { settingsOf } from '../database.js';
import { configJudges, pathFrom } from '../tenant-files.js';

export const configCheck: Command = {
  name: 'config check',
  summary: 'look for problems in configuration files, without touching anything',
  notes: 'Lists every problem of every file. References (env:, file:) are resolved here, so run it with the environment of the gateway.',
  arguments: [{ name: 'PATH', summary: 'a folder or one file; without it the configuration folder (LEADGATE_CONFIG)', required: false }],
  async run(call) {
    const given = call.optionalArgument('PATH');
    const path = given === undefined ? settingsOf(call.world).files.config : pathFrom(call.world, given);
    const files = load(path).map((file) => loadConfigFile(file, configFolderOf(path), configJudges(call.world)));
    const between = problemsBetween(files);
    const judged = files.map((file) => ({ file, problems: [...file.problems, ...(between.get(file.name) ?? [])] }));
    const bad = judged.filter(({ problems }) => problems.length > 0);
    return {
      exitCode: bad.length === 0 ? 0 : 1,
      text: judged.flatMap(({ file, problems }) => inWords(file, problems)).join('\n'),
      json: {
        ok: bad.length === 0,
        files: judged.map(({ file, problems }) => ({
          file: file.name,
          tenant: file.tenantId ?? null,
          ok: problems.length === 0,
          problems,
        })),
      },
    };
  },
};

function load(path: string): string[] {
  let files: string[];
  try {
    files = listConfigFiles(path);
  } catch (error) {
    throw new CommandProblem(`${path} cannot be read (${readFailure(error)}).`, { cause: error });
  }
  if (files.length === 0) throw new CommandProblem(`${path} holds no configuration: no file ends in .yaml, .yml or .json.`);
  return files;
}

function inWords({ name, prepared }: LoadedFile, problems: readonly string[]): string[] {
  if (problems.length > 0)
    return [
      `${name}: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`,
      ...problems.map((problem) => `  - ${problem}`),
    ];
  if (prepared === undefined) return [`${name}: good (a mapping file)`];
  const { tenant, sources, destinations } = prepared.config;
  return [`${name}: good (tenant ${tenant}: ${counted(sources.length, 'source')}, ${counted(destinations.length, 'destination')})`];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
