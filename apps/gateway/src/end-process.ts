import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '#platform';

/** What Node does on its few threads: files, and names that the system looks up. */
const ON_A_THREAD = /^(FSReq|CloseReq|GetAddrInfoReq|GetNameInfoReq)/;
const LOOK_AGAIN_MS = 10;

function threadsAreHeld(): boolean {
  return process.getActiveResourcesInfo().some((resource) => ON_A_THREAD.test(resource));
}

/**
 * Ends this process whatever a disk or a name server does. `process.exit` waits for Node's threads, and one that waits for a disk that does not
 * answer never comes back (seen with Node 20.20: a file that cannot be opened holds up the exit for ever). Where nothing is on a thread the
 * process ends before this returns.
 * @param graceMs how long what is on a thread may take; then the process kills itself, and the exit code is 137 (as process 1 of a container 139)
 */
export async function endProcess(code: number, logger: Pick<Logger, 'fatal'>, graceMs: number): Promise<never> {
  const until = performance.now() + graceMs;
  while (threadsAreHeld() && performance.now() < until) await pause(LOOK_AGAIN_MS);
  if (threadsAreHeld()) {
    logger.fatal(
      'a disk or a name server does not answer and holds up the end: this process kills itself; see LEADGATE_FILE_DROP_DIR and the machine’s name server',
    );
    process.kill(process.pid, 'SIGKILL');
    // Only process 1 of a container is still there: the kernel ignores that signal from within.
    process.abort();
  }
  return process.exit(code);
}
