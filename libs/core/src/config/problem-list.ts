/** What is wrong with a piece of configuration: where it stands, and a sentence that says how to mend it. Never the value itself. */
export class ProblemList {
  private readonly found: { readonly path: string; readonly sentence: string }[] = [];

  add(path: string, sentence: string): void {
    this.found.push({ path, sentence });
  }

  /** false when a problem is known at this path or below it: then its content is not to be relied on. */
  isSound(path: string): boolean {
    return !this.found.some(
      (problem) => problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
    );
  }

  get isEmpty(): boolean {
    return this.found.length === 0;
  }

  /** One line per problem: `rules.profiles[0].rules[2].pattern: …`. */
  lines(): string[] {
    return this.found.map(({ path, sentence }) => (path === '' ? sentence : `${path}: ${sentence}`));
  }
}
