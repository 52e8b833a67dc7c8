/** For broken code, not for slow machines; a lease or a ring that nobody moves back ends within it, too. Jest's own limit (jest.config.js) is longer. */
export const LIMIT_SECONDS = 120;

/** For the later waits of a suite in which one has run out: it has failed, and whoever broke the code is to be told within minutes, not hours. */
const AFTER_A_FAILURE_SECONDS = 30;
/** Of this suite: jest loads this file anew for each. */
let failed = false;

type Detail = () => string | Promise<string>;

/**
 * Waits for a fact: asks again until the answer is not undefined.
 * @param detail what else to say when it never becomes one
 */
export function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  limitSeconds = LIMIT_SECONDS,
  detail: Detail = () => '',
): Promise<T> {
  let over = false;
  const asking = async (): Promise<T> => {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined || over) return answer as T;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  return within(what, asking(), detail, limitSeconds).finally(() => (over = true));
}

/** Waits for an event that tells of itself: with the same limit, and something to say when it does not come. */
export async function within<T>(what: string, event: Promise<T>, detail: Detail = () => '', limitSeconds = LIMIT_SECONDS): Promise<T> {
  const seconds = failed ? Math.min(limitSeconds, AFTER_A_FAILURE_SECONDS) : limitSeconds;
  let timer: NodeJS.Timeout | undefined;
  const ranOut = Symbol(what);
  const limit = new Promise<typeof ranOut>((resolve) => {
    timer = setTimeout(() => resolve(ranOut), seconds * 1000);
  });
  const first = await Promise.race([event, limit]).finally(() => clearTimeout(timer));
  if (first !== ranOut) return first as T;
  // Who waits shorter than that means to go on without it.
  failed ||= limitSeconds >= LIMIT_SECONDS;
  const more = await Promise.resolve()
    .then(detail)
    .catch((error: Error) => `What else there is to say could not be found out: ${error.message}`);
  throw new Error(`${what}: not so after ${seconds} s. ${more}`.trim());
}
