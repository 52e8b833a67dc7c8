import { parseRetryAfter, readPath, type JsonValue, type Signal } from '#core';
import { answerExcerpt, type CallOutcome, isHeaderText, type OutboundHttp } from '#platform';
import type { Destination, DestinationAnswer, DestinationCall, DestinationField, Fetcher, FetchingSource } from '../../destination.port.js';
import { classifyGraphError, regainAccessSeconds } from './classify-graph-error.js';
import { GRAPH_FIELDS, readGraphLead } from './graph-lead.js';

/** Connection to last byte. */
const TIMEOUT_SECONDS = 30;
/** A lead is a few KiB; a form may ask for long texts. What is larger is not read as a lead, and the fetch fails in the end. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const FIELDS: readonly DestinationField[] = [
  {
    path: 'fetch.base_url',
    label: 'Graph API',
    help: 'Where leads are fetched, with the version, e.g. https://graph.facebook.com/v21.0.',
    secret: false,
    isAddress: true,
  },
  {
    path: 'fetch.access_token',
    label: 'Access token',
    help: 'A long-lived token of the page with the permission leads_retrieval. Write a reference such as env:META_PAGE_TOKEN.',
    secret: true,
    check: (value) => (isHeaderText(value) && value.trim() !== '' ? undefined : 'must be one line of Latin characters that is not empty'),
  },
];

/** Leads of Meta Lead Ads: `GET {base_url}/{leadgen_id}?fields=…` (developers.facebook.com, Marketing API, "Retrieving Leads"). */
export function metaGraphFetcher(http: OutboundHttp): Fetcher {
  return { sourceKind: 'meta', fields: FIELDS, open: (source) => new MetaGraph(http, source) };
}

class MetaGraph implements Destination {
  private readonly origin: string;
  private readonly path: string;

  constructor(
    private readonly http: OutboundHttp,
    private readonly source: FetchingSource,
  ) {
    const url = new URL(source.fetch.base_url);
    this.origin = url.origin;
    this.path = url.pathname.replace(/\/+$/, '');
  }

  async send({ payload, signal }: DestinationCall): Promise<DestinationAnswer> {
    const id = readPath(JSON.parse(payload) as JsonValue, 'id');
    if (typeof id !== 'string') throw new Error('A fetch carries the id of its lead.');
    const { fetch } = this.source;
    const outcome = await this.http.get({
      origin: this.origin,
      path: `${this.path}/${encodeURIComponent(id)}?fields=${GRAPH_FIELDS.join(',')}`,
      // Graph takes the token in the query as well, where the logs of every proxy would keep it.
      headers: { authorization: `Bearer ${fetch.access_token}`, accept: 'application/json' },
      timeoutMs: (fetch.timeout_seconds ?? TIMEOUT_SECONDS) * 1000,
      keepConnection: true,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (outcome.kind !== 'answered')
      return { signal: { kind: outcome.kind, cause: outcome.cause }, errorCode: outcome.code, excerpt: null, recordId: null };
    return this.read(outcome, id);
  }

  private read({ statusCode, headers, body }: Extract<CallOutcome, { kind: 'answered' }>, id: string): DestinationAnswer {
    const answer = jsonOf(body);
    const error = classifyGraphError(answer);
    const fetched = statusCode === 200 && error === null ? readGraphLead(answer, id, this.source.field_names ?? {}) : null;
    const asked = parseRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, Date.now());
    const signal: Signal = {
      kind: 'answered',
      statusCode,
      successRule: fetched !== null,
      retryAfterSeconds: asked ?? regainAccessSeconds(headers['x-business-use-case-usage']),
      ...(error?.meaning == null ? {} : { meaning: error.meaning }),
    };
    return {
      signal,
      errorCode: error?.errorCode ?? null,
      excerpt: answerExcerpt(body, headers),
      recordId: null,
      ...(fetched === null ? {} : { fetched }),
    };
  }
}

/** null: no JSON, or cut off. */
function jsonOf(body: Buffer): JsonValue {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return null;
  }
}
