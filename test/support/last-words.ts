import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Of a failed run often only the first 6 kB are kept, and what was waited for and the condition of the process come before these lines. */
const MOST_CHARACTERS = 4000;
const MOST_LINES = 40;
/** What identifies a line to nobody who reads it here. */
const NOISE = /"pid":\d+,|"(request|correlation)_id":"[^"]*",|(?<="time":")\d{4}-\d\d-\d\dT/g;
/** The gateway writes one for each lead request; hundreds of them would hide everything else. */
const ACCESS_LINE = '"event":"accept"';
const TICKS_PER_SECOND = 100;
const LOOK_MS = 1000;

/** The end of what a process printed. The access lines among it are counted, not shown. */
export function lastWords(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '');
  const told = lines.filter((line) => !line.includes(ACCESS_LINE)).map((line) => line.replace(NOISE, ''));
  const last: string[] = [];
  let room = MOST_CHARACTERS;
  for (const line of told.slice(-MOST_LINES).reverse()) {
    if (line.length > room) {
      // A process that died over an error wrote all of it as one line: its beginning says which.
      if (last.length === 0) last.push(line.slice(0, room));
      break;
    }
    last.unshift(line);
    room -= line.length;
  }
  const left = `${lines.length} lines, ${lines.length - told.length} of them of lead requests`;
  return `It printed ${left}. The last ${last.length} others, at ${new Date().toISOString().slice(11)}:\n${last.join('\n')}`;
}

/**
 * What Linux says of a process: R with a whole second of CPU in a second turns in a loop, S with none waits for something, T is stopped,
 * Z has ended and nobody has taken its exit code.
 */
export async function conditionOf(pid: number): Promise<string> {
  const first = await statOf(pid);
  if (first === undefined) return `Process ${pid} is gone.`;
  await pause(LOOK_MS);
  const second = await statOf(pid);
  if (second === undefined) return `Process ${pid} has ended just now.`;
  const used = (second.cpuSeconds - first.cpuSeconds).toFixed(2);
  const { state, cpuSeconds, threads } = second;
  return `Process ${pid} is in state ${state} with ${threads} threads; of ${cpuSeconds.toFixed(2)} CPU seconds it used ${used} in the last ${LOOK_MS} ms.`;
}

/** The fields of /proc/<pid>/stat, from the third on: the second is a name that may hold blanks. */
async function statOf(pid: number): Promise<{ state: string; cpuSeconds: number; threads: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '?', userTicks, systemTicks, threads = '?'] = [fields[0], fields[11], fields[12], fields[17]];
  return { state, cpuSeconds: (Number(userTicks) + Number(systemTicks)) / TICKS_PER_SECOND, threads };
}
