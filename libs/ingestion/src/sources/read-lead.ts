import type { SourceConfig } from '#core';
import { ANSWERS } from '../answers/answer-styles.js';
import type { BodyToRead } from '../body/read-body.js';
import type { ReadBody } from '../body/read-json.js';
import { isRefusal, refuse, type Refusal } from '../body/refusal.js';
import type { SourceKinds } from './source-kinds.js';

/** The bytes of a request as this source reads them: what the door does with a new request and a release with a stored one. */
export async function readLead(kinds: SourceKinds, source: SourceConfig, body: BodyToRead): Promise<ReadBody | Refusal> {
  const kind = kinds.get(source.kind);
  if (kind === undefined) {
    return refuse(
      'unknown_source_kind',
      'The source is configured with a kind that this gateway does not know; leadgate config check names it.',
    );
  }
  const read = await kind.read(body, ANSWERS[source.answers].onDuplicateKeys);
  if (!isRefusal(read) && source.accept_empty_object !== true && Object.keys(read.payload).length === 0) {
    return refuse('empty_body', 'The lead has no fields.');
  }
  return read;
}
