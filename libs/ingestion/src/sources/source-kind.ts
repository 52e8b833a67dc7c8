import type { BodyToRead } from '../body/read-body.js';
import type { OnDuplicateKeys, ReadBody } from '../body/read-json.js';
import type { Refusal } from '../body/refusal.js';

/**
 * How the bodies of one kind of source are read. Pure: bytes in, the lead's payload or a refusal out; storing, keys and answers are the
 * door's work and the same for every kind. A further kind is one folder beside this file and one entry in source-kinds.ts.
 */
export interface SourceKind {
  /** What `kind` says in a source's configuration. */
  readonly kind: string;
  readonly label: string;
  readonly help: string;
  read(body: BodyToRead, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal | Promise<ReadBody | Refusal>;
}
