import type { SourceConfig } from '#core';
import { ANSWERS } from '../answers/answer-styles.js';
import type { BodyToRead } from '../body/read-body.js';
import { isRefusal, refuse, type Refusal } from '../body/refusal.js';
import type { ReadItem, ReadRequest } from './source-kind.js';
import type { SourceKinds } from './source-kinds.js';

/** A request with at least one lead. */
export interface RequestWithLeads extends ReadRequest {
  readonly items: readonly [ReadItem, ...ReadItem[]];
}

/** The bytes of a request as this source reads them: what the door does with a new request and a release with a stored one. */
export async function readRequest(kinds: SourceKinds, source: SourceConfig, body: BodyToRead): Promise<RequestWithLeads | Refusal> {
  const kind = kinds.get(source.kind);
  if (kind === undefined) {
    return refuse(
      'unknown_source_kind',
      'The source is configured with a kind that this gateway does not know; leadgate config check names it.',
    );
  }
  const { bytes, contentType, contentEncoding } = body;
  const read = await kind.read({ bytes, contentType, contentEncoding, source }, ANSWERS[source.answers].onDuplicateKeys);
  return requestWithLeads(source, read);
}

/** What was read, as far as it is worth a lead to this source. */
export function requestWithLeads(source: SourceConfig, read: ReadRequest | Refusal): RequestWithLeads | Refusal {
  if (isRefusal(read)) return read;
  const [first, ...others] = read.items;
  if (first === undefined) return refuse('no_lead', 'The request was understood and carries no lead.');
  if (source.accept_empty_object !== true && Object.keys(first.payload).length === 0 && others.length === 0) {
    return refuse('empty_body', 'The lead has no fields.');
  }
  return { items: [first, ...others], fingerprint: read.fingerprint };
}
