import type { JsonObject } from '#core';
import type { Difference, WhatIfSummary } from './what-if.js';

export const EMPTY_SUMMARY: WhatIfSummary = {
  changed: 0,
  decisions: {},
  duplicates: { new: 0, gone: 0, other: 0 },
  routes: {},
  payloads: {},
  recordedOtherwise: 0,
  notCompared: 0,
  poison: 0,
  broken: 0,
};

/** Names of fields of one destination that are counted; senders' own names could be without end. */
const MOST_FIELDS = 200;

/** The counts so far and what was found over one more lead. */
export function summarise(sum: WhatIfSummary, differences: readonly Difference[]): WhatIfSummary {
  if (differences.length === 0) return sum;
  const drafts = differences.filter(({ kind }) => kind !== 'recorded');
  let next: WhatIfSummary = {
    ...sum,
    changed: sum.changed + (drafts.length > 0 ? 1 : 0),
    recordedOtherwise: sum.recordedOtherwise + (differences.length - drafts.length),
  };
  for (const difference of drafts) next = { ...next, ...counted(next, difference) };
  return next;
}

function counted(sum: WhatIfSummary, { kind, subject, before, after }: Difference): Partial<WhatIfSummary> {
  switch (kind) {
    case 'decision': {
      const change = `${wordsOf(before)} → ${wordsOf(after)}`;
      return { decisions: { ...sum.decisions, [change]: (sum.decisions[change] ?? 0) + 1 } };
    }
    case 'duplicate': {
      const which = before['lead_id'] === null ? 'new' : after['lead_id'] === null ? 'gone' : 'other';
      return { duplicates: { ...sum.duplicates, [which]: sum.duplicates[which] + 1 } };
    }
    case 'route': {
      const [had, has] = [reached(before), reached(after)];
      const routes = { ...sum.routes };
      for (const name of new Set([...had, ...has])) {
        const known = routes[name] ?? { more: 0, fewer: 0 };
        routes[name] = {
          more: known.more + (has.includes(name) && !had.includes(name) ? 1 : 0),
          fewer: known.fewer + (had.includes(name) && !has.includes(name) ? 1 : 0),
        };
      }
      return { routes };
    }
    case 'payload': {
      const fields = { ...sum.payloads[subject] };
      for (const name of [...textsIn(before, 'removed'), ...textsIn(after, 'added'), ...textsIn(after, 'changed')])
        if (Object.hasOwn(fields, name) || Object.keys(fields).length < MOST_FIELDS) fields[name] = (fields[name] ?? 0) + 1;
      return { payloads: { ...sum.payloads, [subject]: fields } };
    }
    case 'recorded':
      return {};
  }
}

/** `PASS`; `WARN (hold)` and the like where the lead does not go on although nothing is said against it; `REJECT ZIP_NOT_66XXX`. */
function wordsOf(said: JsonObject): string {
  const [decision, outcome] = [String(said['decision']), String(said['outcome'])];
  const codes = textsIn(said, 'reason_codes').slice(0, 3).join(', ');
  const end = outcome === 'continue' || outcome === 'reject' ? '' : ` (${outcome})`;
  return `${decision}${end}${codes === '' ? '' : ` ${codes}`}`;
}

function reached(route: JsonObject): string[] {
  const failing = textsIn(route, 'failing');
  return textsIn(route, 'destinations').filter((name) => !failing.includes(name));
}

function textsIn(object: JsonObject, member: string): string[] {
  const found = object[member];
  return Array.isArray(found) ? found.filter((one): one is string => typeof one === 'string') : [];
}
