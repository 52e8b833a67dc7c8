import { nearestName } from '../config/nearest-name.js';
import type { Reading } from '../config/setting-key.js';
import { FAILPOINTS, type FailpointName } from './failpoint-names.js';

/**
 * kill: SIGKILL to this very process · stop: SIGSTOP, until somebody sends SIGCONT · throw: an error at that place · crash: an error nobody
 * can catch · sleep: the place is left after so long · block: the whole process does nothing for so long.
 */
export const FAILPOINT_VERBS = ['kill', 'stop', 'throw', 'crash', 'sleep', 'block'] as const;
export type FailpointVerb = (typeof FAILPOINT_VERBS)[number];

export interface ArmedFailpoint {
  readonly name: FailpointName;
  /** Only where this is what the place is about; null: whatever it is about. */
  readonly subject: string | null;
  readonly verb: FailpointVerb;
  /** Of sleep and block; else 0. */
  readonly milliseconds: number;
  /** The one hit, from 1, that counts; null: each. */
  readonly hit: number | null;
}

const FORM = /^([a-z_]+)(?:\[([^\]]+)\])?:([a-z]+)(?::(\d{1,9}))?(?:@(\d{1,9}))?$/;
const TIMED: readonly FailpointVerb[] = ['sleep', 'block'];

/** `accept_after_commit:kill@3,ring_before_add:sleep:5000,process_after_load[<lead id>]:crash` */
export function readFailpoints(text: string): Reading<readonly ArmedFailpoint[]> {
  const armed: ArmedFailpoint[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const reading = readOne(part);
    if ('problem' in reading) return reading;
    armed.push(reading.value);
  }
  return { value: armed };
}

function readOne(text: string): Reading<ArmedFailpoint> {
  const [, name = '', subject, verb = '', milliseconds, hit] = FORM.exec(text) ?? [];
  if (!isFailpoint(name)) {
    const meant = nearestName(name, Object.keys(FAILPOINTS));
    return { problem: `has "${text}", which begins with no failpoint${meant === undefined ? '' : ` (did you mean ${meant}?)`}` };
  }
  const known = FAILPOINT_VERBS.find((one) => one === verb);
  if (known === undefined) return { problem: `has "${text}", whose verb is none of ${FAILPOINT_VERBS.join(', ')}` };
  if (TIMED.includes(known) !== (milliseconds !== undefined))
    return { problem: `has "${text}": ${TIMED.join(' and ')} are followed by milliseconds, such as sleep:5000, and the others are not` };
  if (hit === '0') return { problem: `has "${text}": hits are counted from 1` };
  return {
    value: {
      name,
      subject: subject ?? null,
      verb: known,
      milliseconds: Number(milliseconds ?? 0),
      hit: hit === undefined ? null : Number(hit),
    },
  };
}

function isFailpoint(name: string): name is FailpointName {
  return Object.hasOwn(FAILPOINTS, name);
}
