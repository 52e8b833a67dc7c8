import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { CALL_ABORTED, CALL_TIMEOUT, codeOf, explainFailure } from './call-failure.js';

/** What is known about a call when it is over. */
export type CallOutcome =
  | {
      /** The status line and headers arrived. */
      readonly kind: 'answered';
      readonly statusCode: number;
      readonly headers: IncomingHttpHeaders;
      /** As much as the call reads of it. */
      readonly body: Buffer;
      /** false: the body broke off, took too long or was larger. The status counts all the same. */
      readonly bodyComplete: boolean;
    }
  | {
      /** `not_sent`: no byte left us. `unknown`: bytes may have left us and no status came back. */
      readonly kind: 'not_sent' | 'unknown';
      readonly code: string;
      /** For people; no values. */
      readonly cause: string;
    };

/** What bounds a call. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Watches one call from the queue for a connection to the end of its answer.
 *
 * undici announces a request (`onRequestStart`) right before it writes the first byte to a connection that is ready. Whatever fails
 * before that was not sent, whatever its error code; whatever fails after it and before the status line is unknown. A kept connection
 * that was closed by the other side in the meantime is noticed before (undici lets the event loop read once), and is replaced.
 */
export class CallInFlight implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private status: { readonly code: number; readonly headers: IncomingHttpHeaders } | undefined;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private over = false;
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.breakOff(CALL_ABORTED);

  constructor(
    private readonly limits: CallLimits,
    private readonly settle: (outcome: CallOutcome) => void,
  ) {
    const { signal, timeoutMs } = limits;
    this.timer = setTimeout(() => this.breakOff(CALL_TIMEOUT), timeoutMs);
    if (signal?.aborted === true) this.breakOff(CALL_ABORTED);
    else signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get settled(): boolean {
    return this.over;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.over) controller.abort(new Error('the call is over'));
    else this.controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode >= 200) this.status = { code: statusCode, headers: onceEach(headers) };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return;
    const { maxAnswerBytes } = this.limits;
    this.chunks.push(chunk.subarray(0, maxAnswerBytes - this.bytes));
    this.bytes += chunk.length;
    if (this.bytes > maxAnswerBytes) this.breakOff('');
  }

  onResponseEnd(): void {
    this.finish('', true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.finish(codeOf(error), false);
  }

  private breakOff(code: string): void {
    this.finish(code, false);
    this.controller?.abort(new Error('the call is over'));
  }

  private finish(code: string, bodyComplete: boolean): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.onAbort);
    this.settle(this.outcome(code, bodyComplete));
  }

  private outcome(code: string, bodyComplete: boolean): CallOutcome {
    if (this.status !== undefined) {
      const body = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
      return { kind: 'answered', statusCode: this.status.code, headers: this.status.headers, body, bodyComplete };
    }
    const cause = explainFailure(code, this.limits.timeoutMs);
    return { kind: this.controller === undefined ? 'not_sent' : 'unknown', code, cause };
  }
}

/** Headers of which there is one; a second is a mistake of the other side, or a proxy's. */
const FIRST_COUNTS: readonly string[] = ['content-type', 'date', 'location', 'retry-after'];

/** undici makes a list of a header that came twice. As Node reads them: the first counts, or they are one list in one text. */
function onceEach(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (!Object.values(headers).some(Array.isArray)) return headers;
  const read = ([name, value]: [string, string | string[] | undefined]): [string, string | string[] | undefined] =>
    !Array.isArray(value) || name === 'set-cookie' ? [name, value] : [name, FIRST_COUNTS.includes(name) ? value[0] : value.join(', ')];
  return Object.fromEntries(Object.entries(headers).map(read));
}
