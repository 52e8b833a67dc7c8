import { runBuilt } from './run-built.mjs';

/** npm, when it started us: it may be killed while we install or build. */
const parent = process.env.npm_lifecycle_event ? [`--parent=${process.ppid}`] : [];

/** Runs a command of apps/supervisor, with everything it needs built before. */
export function runSupervisor(command, args = []) {
  return runBuilt('apps/supervisor/src/main.js', [command, ...parent, ...args]);
}
