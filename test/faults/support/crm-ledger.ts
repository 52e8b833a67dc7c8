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
}

interface Line {
  readonly status: number | null;
  readonly effect: boolean;
  readonly id: string | null;
  readonly key: string | null;
  readonly bodySha256: string;
  readonly body: { readonly meta_attributes?: { readonly unique_id?: string } } | null;
}

/** The demo CRM's file by lead id. A last line without its end is what a kill leaves; its request was never answered. */
export async function readCrmLedger(file: string): Promise<Map<string, SeenLead>> {
  const leads = new Map<string, SeenLead>();
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    const line = parsed(text);
    const leadId = line?.body?.meta_attributes?.unique_id;
    if (line === undefined || leadId === undefined) continue;
    const seen = leads.get(leadId) ?? { requests: 0, effects: 0, arrivals: 0, forms: new Set() };
    leads.set(leadId, seen);
    seen.requests += 1;
    seen.effects += line.effect ? 1 : 0;
    seen.arrivals += line.id === null ? 0 : 1;
    seen.forms.add(`${line.key} ${line.bodySha256}`);
  }
  return leads;
}

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
