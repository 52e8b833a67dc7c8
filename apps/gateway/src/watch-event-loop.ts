import { Worker } from 'node:worker_threads';

/** So often the thread looks before it gives the loop up: its own turns are counted, so that a machine that was paused costs no process. */
const LOOKS = 12;

/** Source of the thread. Only what it is given here, because the log and everything else of ours waits for the loop that stands still. */
const THREAD = `
const { workerData: { beats, lookMs, looks, seconds } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let seen = -1;
let missed = 0;
const looking = setInterval(() => {
  const now = Atomics.load(beats, 0);
  missed = now === seen ? missed + 1 : 0;
  seen = now;
  if (missed < looks) return;
  clearInterval(looking);
  const end = process.pid === 1
    ? 'As process 1 of a container this process cannot kill itself: restart the container, and run it behind an init (docker run --init).'
    : 'This process kills itself, and what it had in hand is taken up again from Postgres. LEADGATE_STANDSTILL_SECONDS=0 leaves it as it is, e.g. for a debugger.';
  try {
    writeSync(2, 'The event loop has stood still for ' + seconds + ' s. ' + end + '\\n');
  } catch {}
  process.kill(process.pid, 'SIGKILL');
}, lookMs);`;

/**
 * A thread that ends this process when its event loop stands still: code that never yields leaves no health, no SIGTERM and no log, and nothing
 * else in the process could notice. Whoever started it starts it anew; leases end by themselves. Process 1 of a container survives the signal
 * (the kernel ignores it from within), so docker-compose.yml puts an init before it.
 *
 * @param seconds how long the loop may stand still; 0 watches nothing
 */
export function watchEventLoop(seconds: number): void {
  if (seconds === 0) return;
  const lookMs = (seconds * 1000) / LOOKS;
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(THREAD, { eval: true, workerData: { beats, lookMs, looks: LOOKS, seconds }, execArgv: [], env: {} });
  // Leads are worth more than the watch.
  thread.on('error', (error) => process.stderr.write(`The event loop is not watched: ${error.message}\n`));
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), lookMs / 2).unref();
}
