/**
 * Waits for a fact: asks again until the answer is not undefined. The limit is there for broken code, not for slow machines.
 */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, limitSeconds = 30): Promise<T> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not so after ${limitSeconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
