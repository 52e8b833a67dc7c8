/** A jest reporter for programs that show their own progress: it says what failed, and nothing else. */
export default class OnlyFailures {
  onTestResult(_test, { failureMessage }) {
    if (failureMessage) process.stderr.write(`\n${failureMessage}\n`);
  }
}
