import { isJsonObject, readAnswerJson, type DestinationAuthentication, type JsonObject } from '#core';
import { CALL_ABORTED, type CallOutcome, isHeaderText, type OutboundHttp } from '#platform';
import type { DestinationCall } from '../../destination.port.js';
import { TOKEN_REFUSED, type Credentials, type NoProof, type Proof } from './proof.js';

/** Longest wait for a token, however long a call may take. */
const LONGEST_ASK_MS = 10_000;
/** RFC 6749 leaves a token without `expires_in` to the documentation of who gives it; a refused one is replaced in any case. */
const LIFETIME_WITHOUT_WORD_MS = 300_000;
/** A token is replaced this long before it expires, or a tenth of its life, so that it does not expire on its way. */
const MARGIN_MS = 30_000;
/** RFC 6749, 5.2: the words an error may be named by; anything else of the answer may be a value. */
const ERRORS = ['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'];

const BROKEN_OFF: NoProof = { code: CALL_ABORTED, cause: 'Broken off at shutdown' };

interface Token {
  readonly text: string;
  /** `instance_url` beside it, which Salesforce answers; not judged. */
  readonly instanceUrl: string | undefined;
  /** On the clock of this object. */
  readonly freshUntil: number;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4): a token is kept until shortly before it expires, however many calls use it, and asked for
 * once, however many calls wait for it. A token that the destination refuses is replaced once per call; that a call was refused means it
 * had no effect, so it may be made again. Without a token nothing is sent.
 */
export class ClientCredentials implements Credentials {
  private token: Token | null = null;
  private asking: Promise<Token | NoProof> | null = null;
  private readonly askMs: number;

  /** @param clock monotonic, in milliseconds */
  constructor(
    private readonly authentication: DestinationAuthentication,
    private readonly http: OutboundHttp,
    timeoutMs: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.askMs = Math.min(LONGEST_ASK_MS, timeoutMs / 3);
  }

  get secrets(): readonly string[] {
    return [this.authentication.client_secret ?? '', this.token?.text ?? ''];
  }

  prove({ signal }: Pick<DestinationCall, 'signal'>): Proof | Promise<Proof | NoProof> {
    const { token } = this;
    return token !== null && this.clock() < token.freshUntil ? this.proofOf(token, signal) : this.proofWithNewToken(signal);
  }

  private proofOf(token: Token, signal: AbortSignal): Proof {
    const { text, instanceUrl } = token;
    return {
      headers: { authorization: `Bearer ${text}` },
      renew: () => this.renew(token, signal),
      ...(instanceUrl === undefined ? {} : { instanceUrl }),
    };
  }

  private renew(refused: Token, signal: AbortSignal): Promise<Proof | NoProof> {
    // Another call may have found out before.
    if (this.token === refused) this.token = null;
    return Promise.resolve(this.prove({ signal }));
  }

  private async proofWithNewToken(signal: AbortSignal): Promise<Proof | NoProof> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    const token = await unlessAborted(this.asking, signal);
    return 'cause' in token ? token : this.proofOf(token, signal);
  }

  private async ask(): Promise<Token | NoProof> {
    const asked = this.clock();
    const { origin, pathname, search } = new URL(this.authentication.token_url ?? '');
    const { headers, body } = this.request();
    const path = pathname + search;
    const outcome = await this.http.post({ origin, path, headers, body, timeoutMs: this.askMs, keepConnection: true });
    const token = tokenIn(outcome, asked);
    if ('cause' in token) return token;
    this.token = token;
    return token;
  }

  private request(): { headers: Record<string, string>; body: string } {
    const { client_id: id = '', client_secret: secret = '', scope, audience, client_in: place } = this.authentication;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope != null) form.set('scope', scope);
    if (audience != null) form.set('audience', audience);
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    if (place === 'body') {
      form.set('client_id', id);
      form.set('client_secret', secret);
    } else {
      headers['authorization'] = `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`;
    }
    return { headers, body: form.toString() };
  }
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function tokenIn(outcome: CallOutcome, asked: number): Token | NoProof {
  if (outcome.kind !== 'answered') return { code: outcome.code, cause: `No access token: ${outcome.cause}` };
  const answer = objectIn(outcome.body);
  if (outcome.statusCode !== 200) {
    const error = ERRORS.find((known) => known === answer['error']);
    const why = error === undefined ? '' : ` (${error})`;
    const refusesUs = error !== undefined || [401, 403].includes(outcome.statusCode);
    return {
      code: refusesUs ? TOKEN_REFUSED : 'NO_TOKEN',
      cause: `No access token: the token endpoint answered ${outcome.statusCode}${why}`,
    };
  }
  const text = answer['access_token'];
  if (typeof text !== 'string' || text === '' || !isHeaderText(text))
    return { code: 'TOKEN_MISSING', cause: 'No access token: the answer of the token endpoint holds none' };
  const life = lifetimeMs(answer['expires_in']);
  const instanceUrl = answer['instance_url'];
  return {
    text,
    instanceUrl: typeof instanceUrl === 'string' ? instanceUrl : undefined,
    freshUntil: asked + life - Math.min(MARGIN_MS, life / 10),
  };
}

function objectIn(body: Buffer): JsonObject {
  const said = readAnswerJson(body.toString('utf8'));
  return said !== undefined && isJsonObject(said) ? said : {};
}

function lifetimeMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' ? Number.parseInt(expiresIn, 10) : expiresIn;
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 86_400) * 1000 : LIFETIME_WITHOUT_WORD_MS;
}

/** @param work never rejects */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | NoProof> {
  return new Promise((resolve) => {
    const breakOff = (): void => resolve(BROKEN_OFF);
    if (signal.aborted) return breakOff();
    signal.addEventListener('abort', breakOff, { once: true });
    void work.then((result) => {
      signal.removeEventListener('abort', breakOff);
      resolve(result);
    });
  });
}
