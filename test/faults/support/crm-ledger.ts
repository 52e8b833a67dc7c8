import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What the CRM saw of one lead. */
export interface SeenLead {
  requests: number;
  /** Leads made in the CRM. It honours keys, so more than one means that the key changed. */
  effects: number;
  /** Requests that would each have made one in a CRM that ignores keys. */
  arrivals: number;
  /** Distinct pairs of key and bytes. */
  readonly forms: Set<string>;
  /** E-mail and phone of each person that stood in it. */
  readonly people: Set<string>;
  /** What its records are called there. */
  readonly records: Set<string>;
}

/** Stands in for the id of a lead that was sent without one. */
export const NO_LEAD_ID = 'a lead without its id';

interface Line {
  readonly status: number | null;
  readonly effect: boolean;
  readonly id: string | null;
  readonly key: string | null;
  readonly bodySha256: string;
  readonly body: {
    readonly lead?: { readonly email?: string; readonly phone?: string };
    readonly meta_attributes?: { readonly unique_id?: string };
  } | null;
}

/**
 * The demo CRM's file by lead id. A last line without its end is what a kill leaves; its request was never answered.
 * @throws when another line cannot be read: what it said would be missing on both sides
 */
export async function readCrmLedger(file: string): Promise<Map<string, SeenLead>> {
  const leads = new Map<string, SeenLead>();
  let torn: number | undefined;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    number += 1;
    if (torn !== undefined) throw new Error(`${file}: line ${torn} cannot be read`);
    const line = parsed(text);
    if (line === undefined) torn = number;
    else note(leads, line);
  }
  return leads;
}

function note(leads: Map<string, SeenLead>, line: Line): void {
  const leadId = line.body?.meta_attributes?.unique_id ?? NO_LEAD_ID;
  const seen = leads.get(leadId) ?? { requests: 0, effects: 0, arrivals: 0, forms: new Set(), people: new Set(), records: new Set() };
  leads.set(leadId, seen);
  seen.requests += 1;
  seen.effects += line.effect ? 1 : 0;
  seen.arrivals += line.id === null ? 0 : 1;
  seen.forms.add(`${line.key} ${line.bodySha256}`);
  seen.people.add(`${line.body?.lead?.email} ${line.body?.lead?.phone}`);
  if (line.id !== null) seen.records.add(line.id);
}

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
