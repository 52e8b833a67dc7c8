/** Our own codes beside those of Node and undici. */
export const CALL_TIMEOUT = 'CALL_TIMEOUT';
export const CALL_ABORTED = 'CALL_ABORTED';
/** The address is not one of the Internet and not on the allow-list. */
export const TARGET_REFUSED = 'ADDRESS_NOT_ALLOWED';
export const DNS_TIMEOUT = 'DNS_TIMEOUT';
export const HEADER_REFUSED = 'HEADER_NOT_ALLOWED';
/** undici's parser gives no code. */
const NOT_HTTP = 'NOT_HTTP';

const SENTENCES: Readonly<Record<string, string>> = {
  [NOT_HTTP]: 'Answer is not HTTP',
  [CALL_ABORTED]: 'Broken off at shutdown',
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'Host unreachable',
  ENETUNREACH: 'Network unreachable',
  ENOTFOUND: 'Host name not found',
  EAI_AGAIN: 'Host name could not be looked up',
  [DNS_TIMEOUT]: 'Host name could not be looked up in time',
  [TARGET_REFUSED]: 'Address not allowed; an operator can allow it with LEADGATE_ALLOWED_PRIVATE_ADDRESSES',
  [HEADER_REFUSED]: 'A header is set that only the connection itself may set',
  ETIMEDOUT: 'Connect timeout',
  UND_ERR_CONNECT_TIMEOUT: 'Connect timeout',
  ECONNRESET: 'Connection lost',
  EPIPE: 'Connection lost',
  UND_ERR_SOCKET: 'Connection lost',
  UND_ERR_HEADERS_OVERFLOW: 'Answer with too large headers',
  UND_ERR_INVALID_ARG: 'The address or a header cannot be sent',
};

/** Codes and sentences that tell where in our network something answers, and where nothing does. */
const TELL_OF_THE_NETWORK: readonly string[] = [
  TARGET_REFUSED,
  DNS_TIMEOUT,
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
];
const NOT_REACHED = { code: 'NOT_REACHED', sentence: 'The address could not be reached' };
const TELLING_SENTENCES = new RegExp(TELL_OF_THE_NETWORK.map((code) => SENTENCES[code]).join('|'), 'g');

/**
 * The same code for every call that reached nobody: who may write addresses but is no operator could otherwise find out which names and
 * machines there are on our side (FAULTS C28).
 */
export function neutralCode(code: string | null): string | null {
  return code !== null && TELL_OF_THE_NETWORK.includes(code) ? NOT_REACHED.code : code;
}

/** The same for a sentence of explainFailure, wherever it stands in a text. */
export function neutralCause(text: string | null): string | null {
  return text === null ? null : text.replace(TELLING_SENTENCES, NOT_REACHED.sentence);
}

/** What went wrong in a call, for people. Codes only: an error's own message may quote the address or the answer. */
export function explainFailure(code: string, timeoutMs: number): string {
  if (code === CALL_TIMEOUT) return `Timeout after ${timeoutMs / 1000} s`;
  if (/^(?:ERR_(?:TLS|SSL)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)) return `TLS failed: ${code}`;
  return SENTENCES[code] ?? `Call failed: ${code}`;
}

export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'HTTPParserError') return NOT_HTTP;
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN_ERROR';
}
