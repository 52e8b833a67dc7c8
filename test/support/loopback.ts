import { OutboundRules } from '#platform';

/** For servers that a test runs on this machine, over plain http. */
export const LOOPBACK = new OutboundRules([{ range: '127.0.0.0/8' }]);
