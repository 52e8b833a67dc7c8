import type { Settings } from '#platform';
import { CommandProblem, type Command, type World } from '../command.js';
import { databaseUrlOf, withDatabase } from '../database.js';
import { examineCache } from '../doctor/examine-cache.js';
import { examineClock } from '../doctor/examine-clock.js';
import { examineActiveVersions, examineFiles } from '../doctor/examine-configuration.js';
import { examineKeys } from '../doctor/examine-keys.js';
import { examinePostgres } from '../doctor/examine-postgres.js';
import { examineRedis } from '../doctor/examine-queue.js';
import { examineSettings } from '../doctor/examine-settings.js';
import { bad, type Finding } from '../doctor/finding.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'look at everything the gateway depends on, and say what mends what is wrong',
  notes: 'Changes nothing. Run it with the environment of the gateway. Warnings do not change the exit code.',
  async run({ world }) {
    const { settings, findings } = examineSettings(world);
    if (settings !== undefined) findings.push(...examineFiles(settings, world), ...(await examineServers(settings, world)));
    const ok = findings.every(({ level }) => level !== 'bad');
    return { exitCode: ok ? 0 : 1, text: inWords(findings), json: { ok, findings } };
  },
};

async function examineServers(settings: Settings, world: World): Promise<Finding[]> {
  try {
    return await withDatabase(settings, async (pool) => {
      const postgres = await examinePostgres(pool, world.projectRoot);
      const clock = await examineClock(pool, settings.redis.url === undefined);
      const queue = await examineRedis(settings.redis.url, databaseUrlOf(settings) ?? '', pool);
      const cache = await examineCache(settings);
      const isUsable = postgres.every(({ level }) => level !== 'bad');
      const keys = isUsable ? await examineKeys(pool, settings) : [];
      return [...postgres, clock, queue, ...cache, ...keys, ...(isUsable ? await examineActiveVersions(pool, settings, world) : [])];
    });
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error;
    return [bad('postgres', error.message, 'until then the door answers 503')];
  }
}

const MARKS = { good: 'ok  ', warn: 'warn', bad: 'BAD ' } as const;

function inWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const indent = ' '.repeat(width + 8);
  const lines = findings.flatMap(({ about, level, says, mend }) => [
    `${MARKS[level]}  ${about.padEnd(width)}  ${says}`,
    ...(mend === undefined ? [] : [`${indent}→ ${mend}`]),
  ]);
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  return [
    ...lines,
    '',
    `${count('bad')} bad, ${count('warn')} ${count('warn') === 1 ? 'warning' : 'warnings'}, ${count('good')} good`,
  ].join('\n');
}
