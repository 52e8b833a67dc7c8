import { ClearError } from './project.mjs';

/** Runs a command's body: a ClearError prints as one message, anything else with its stack; both end with exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`leadgate: ${error instanceof ClearError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
