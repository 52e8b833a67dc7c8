/** Progress and problems go to stderr, so that the output of a command can be piped and the gateway's log on stdout stays JSON. */
export function say(line: string): void {
  process.stderr.write(`leadgate: ${line}\n`);
}
