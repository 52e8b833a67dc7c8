import type { DestinationAnswer } from '../../destination.port.js';
import { notSent } from '../over-http/read-http-answer.js';

/** What one call for several leads came to. */
export type BatchOutcome =
  /** The destination said what became of each; in the order of the calls. */
  | { readonly kind: 'each'; readonly answers: readonly DestinationAnswer[] }
  /** The same for all of them, and for whatever would be called next: nobody answered, it refuses us, it is too busy. */
  | { readonly kind: 'all'; readonly answer: DestinationAnswer }
  /** All were refused because of some of them, and none took effect. `answer` is the truth for a lead that was alone in the call. */
  | { readonly kind: 'refused_together'; readonly answer: DestinationAnswer };

/** Finds two bad ones in two hundred. Where nearly all are bad, the configuration is, and a call for each would help nobody. */
const MAX_CALLS = 32;

/**
 * Sends calls together; a batch that is refused for the sake of some of them is sent again in halves until those are alone. The good ones
 * take effect once, because a refused batch had none. The first half comes to its end before the second is sent, so that also few calls find
 * somebody. Whoever is left when time or calls run out was not sent, which takes no place in its schedule as long as others were found: each
 * round has fewer of them.
 * @param hasTime asked before each call but the first
 * @returns an answer for each call, in the order given
 */
export async function sendInHalves<Call>(
  calls: readonly Call[],
  send: (calls: readonly Call[]) => Promise<BatchOutcome>,
  hasTime: () => boolean,
): Promise<DestinationAnswer[]> {
  const answers = new Map<Call, DestinationAnswer>();
  const tell = (group: readonly Call[], answer: (index: number) => DestinationAnswer | undefined): void =>
    group.forEach((call, index) => {
      const one = answer(index);
      if (one !== undefined) answers.set(call, one);
    });
  const groups: (readonly Call[])[] = [calls];
  const leftOver: (readonly Call[])[] = [];
  let refused: DestinationAnswer | undefined;
  let made = 0;
  let mayCall = true;
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    if (made > 0 && (!mayCall || made >= MAX_CALLS || !hasTime())) {
      leftOver.push(group);
      continue;
    }
    const outcome = await send(group);
    made += 1;
    if (outcome.kind === 'each') tell(group, (index) => outcome.answers[index]);
    else if (outcome.kind === 'all') {
      mayCall = false;
      tell(group, () => outcome.answer);
    } else if (group.length === 1) tell(group, () => outcome.answer);
    else {
      refused = outcome.answer;
      const half = Math.ceil(group.length / 2);
      groups.unshift(group.slice(0, half), group.slice(half));
    }
  }
  const nobodyWasFound = answers.size === 0;
  for (const group of leftOver) tell(group, () => refusedTogether(refused, nobodyWasFound));
  return calls.map((call) => answers.get(call) as DestinationAnswer);
}

/** It was among those that were refused together, and nobody knows yet whether it was to blame. */
function refusedTogether(refused: DestinationAnswer | undefined, counts: boolean): DestinationAnswer {
  const signal = refused?.signal;
  const status = signal?.kind === 'answered' ? `: ${signal.meaning?.cause ?? signal.statusCode}` : '';
  return notSent('REFUSED_TOGETHER', `Refused together with other leads${status}`, counts ? undefined : 'us');
}
