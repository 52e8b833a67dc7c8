/** A place where the keys are kept. Every provider keeps the same document (key-document.ts). */
export interface KeyProvider {
  /** For people: where it is, as "identity-keys.json in /data" or "the secret a/b in Vault". No secrets. */
  readonly place: string;
  /** @returns the document's text; null when there is none yet. @throws KeysUnreadable */
  read(): Promise<string | null>;
  /** Makes the first document where there is none; any number of processes that start at once get the same. Absent: only people write there. */
  make?(): Promise<string>;
  /** Puts another document in its place, at once. */
  replace?(text: string): Promise<void>;
}

/** The keys could not be read. The message is for logs and the health page: it says what mends it and holds nothing that was read. */
export class KeysUnreadable extends Error {
  readonly code = 'identity_keys_unreadable';
}
