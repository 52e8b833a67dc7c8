/** Connections break one by one, and the next one may hold: tried again at once. */
const TRIES = 3;

/**
 * For work that makes the fault of a database cheaper, and without which nothing is lost: what it throws is forgotten.
 * @param isOver a process that stops has no time to try again
 */
export async function persistently(work: () => Promise<void>, isOver: () => boolean = () => false): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const done = await work().then(
      () => true,
      () => false,
    );
    if (done || isOver()) return;
  }
}
