import type { JsonObject } from '#core';
import type { Difference } from './what-if.js';
import type { PayloadFields } from './payload-fields.js';
import type { Told } from './told.js';

/** Names of fields in one difference; a lead with more of them says so by its last name, "…". */
const MOST_NAMES = 50;
/** A sender chooses names too. */
const LONGEST_NAME = 80;

/** Everything in which two versions differ over one lead; empty: they say the same. */
export function decideDifferences(before: Told, after: Told): Difference[] {
  const differences: Difference[] = [];
  const add = (kind: Difference['kind'], one: JsonObject, other: JsonObject, subject = ''): void => {
    if (JSON.stringify(one) !== JSON.stringify(other)) differences.push({ kind, subject, before: one, after: other });
  };
  add('decision', saidOf(before), saidOf(after));
  add('duplicate', duplicateOf(before), duplicateOf(after));
  add('route', routesOf(before), routesOf(after));
  for (const [destination, fields] of before.sent) {
    const others = after.sent.get(destination);
    // That one of them cannot have the lead at all is a change of its route.
    if (fields === null || others === undefined || others === null) continue;
    const { removed, added, changed } = comparePayloads(fields, others);
    if (removed.length + added.length + changed.length > 0)
      differences.push({
        kind: 'payload',
        subject: destination,
        before: { removed: named(removed) },
        after: { added: named(added), changed: named(changed) },
      });
  }
  return differences;
}

/** What was recorded against the same version run anew: as one difference, because it is one finding. */
export function decideDrift(recorded: Told, anew: Told): Difference | null {
  const found = decideDifferences(recorded, anew);
  if (found.length === 0) return null;
  const side = (which: 'before' | 'after'): JsonObject =>
    Object.fromEntries(
      found.map((difference) => [
        difference.subject === '' ? difference.kind : `${difference.kind} ${difference.subject}`,
        difference[which],
      ]),
    );
  return { kind: 'recorded', subject: '', before: side('before'), after: side('after') };
}

function saidOf({ outcome, decision, reasonCodes }: Told): JsonObject {
  return { decision, outcome, reason_codes: [...reasonCodes] };
}

function duplicateOf({ duplicateOf: earlier }: Told): JsonObject {
  return { lead_id: earlier?.leadId ?? null, matched_on: earlier?.matchedOn ?? null };
}

function routesOf({ sent }: Told): JsonObject {
  const names = [...sent.keys()].sort();
  return { destinations: names, failing: names.filter((name) => sent.get(name) === null) };
}

function comparePayloads(before: PayloadFields, after: PayloadFields): Record<'removed' | 'added' | 'changed', string[]> {
  const names = (of: PayloadFields, where: (name: string, value: string) => boolean): string[] =>
    [...of].filter(([name, value]) => where(name, value)).map(([name]) => name);
  return {
    removed: names(before, (name) => !after.has(name)),
    added: names(after, (name) => !before.has(name)),
    changed: names(before, (name, value) => after.has(name) && after.get(name) !== value),
  };
}

function named(names: readonly string[]): string[] {
  const shown = names.slice(0, MOST_NAMES).map((name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name));
  return names.length > MOST_NAMES ? [...shown, '…'] : shown;
}
