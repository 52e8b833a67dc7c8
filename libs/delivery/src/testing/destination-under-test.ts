import type { DestinationConfig, LeadId, TenantId } from '#core';
import type { Destination, DestinationAnswer, DestinationCall, DestinationOwner } from '../destination.port.js';

/** A lead whose values must not show in anything that is kept of a call. */
export const CANARY = { email: 'canary@example.com', phone: '+491608912308' } as const;
export const CANARIES = /canary|1608912308/;

/** What a kind of destination brings to the suites: one variant of its configuration, against something that stands for the other side. */
export interface DestinationUnderTest {
  readonly destination: Destination;
  readonly config: DestinationConfig;
  /** The body and its type, as the mapping would have written them for this variant; with the values of CANARY. */
  readonly payload: string;
  readonly contentType: string;
  /** Everything in the configuration that must never show. */
  readonly secrets: readonly string[];
  /** What the other side knows a delivery by; its key unless told. */
  knownBy?(call: Pick<DestinationCall, 'idempotencyKey' | 'leadId'>): string;
  /** What the other side received as leads, in order: what it knows the delivery by, and the bytes. */
  received(): readonly { readonly key: string | undefined; readonly body: string }[];
  stop(): Promise<void>;
}

export const AN_OWNER: DestinationOwner = {
  tenantId: 'acme' as TenantId,
  mapping: { name: 'crm', fields: [{ target: 'email', from: ['email'] }] },
};

export const aKey = (letter: string): string => letter.repeat(52);

export function aCall({ payload, contentType }: DestinationUnderTest, given: Partial<DestinationCall> = {}): DestinationCall {
  return {
    leadId: '01935f2a-1234-7890-8123-123456789012' as LeadId,
    payload,
    contentType,
    idempotencyKey: aKey('A'),
    attemptNo: 1,
    traceparent: null,
    signal: new AbortController().signal,
    ...given,
  };
}

/** Everything an attempt keeps of an answer. */
export const textOf = (answer: DestinationAnswer): string => JSON.stringify(answer);
