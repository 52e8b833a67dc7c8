/** For broken code, not for slow machines; a lease or a ring that nobody moves back ends within it, too. Jest's own limit (jest.config.js) is longer. */
export const LIMIT_SECONDS = 120;

/**
 * Waits for a fact: asks again until the answer is not undefined.
 * @param detail what else to say when it never becomes one
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  limitSeconds = LIMIT_SECONDS,
  detail: () => string | Promise<string> = () => '',
): Promise<T> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not so after ${limitSeconds} s. ${await detail()}`.trim());
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits for an event that tells of itself: with the same limit, and something to say when it does not come. */
export async function within<T>(what: string, event: Promise<T>, detail: () => string = () => ''): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not so after ${LIMIT_SECONDS} s. ${detail()}`.trim())), LIMIT_SECONDS * 1000);
    timer.unref();
  });
  return Promise.race([event, limit]).finally(() => clearTimeout(timer));
}
