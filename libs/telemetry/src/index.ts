export { type CollectorName, type Resolve } from './collector-address.js';
export { countersOf, latencyBucketOf } from './statsd-lines.js';
export { MAX_DATAGRAM_BYTES } from './pack-datagrams.js';
export { Telemetry } from './telemetry.js';
export { TelemetryModule } from './telemetry.module.js';
