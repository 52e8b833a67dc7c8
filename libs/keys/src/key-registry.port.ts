import type { UsableRings } from './decide-usable-rings.js';
import type { KeyDocument } from './key-document.js';

/** Where processes agree on the keys. Abstract class, so that it is also the injection token. */
export abstract class KeyRegistry {
  /** Judges the keys of this process by those of the others and registers what is new. Any number of processes may do so at once. */
  abstract agree(document: KeyDocument): Promise<UsableRings>;
}
