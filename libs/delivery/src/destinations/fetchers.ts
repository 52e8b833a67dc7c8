import type { OutboundHttp } from '#platform';
import type { Fetcher } from '../destination.port.js';
import { metaGraphFetcher } from './meta-graph/meta-graph.destination.js';

/** Who fetches the leads of sources that are sent ids only, one line per kind of source. */
export function fetchers(http: OutboundHttp): readonly Fetcher[] {
  return [metaGraphFetcher(http)];
}
