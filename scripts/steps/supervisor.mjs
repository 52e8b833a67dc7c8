import { runBuilt } from './run-built.mjs';

/** Runs a command of apps/supervisor. */
export const runSupervisor = (command, args = []) => runBuilt('apps/supervisor/src/main.js', [command, ...args]);
