import { type OlderKey, type RingStatus, ringStatuses } from '#keys';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { ringName } from '../identity-keys.js';
import { rewritingBar } from '../rewriting-bar.js';

export const keysStatus: Command = {
  name: 'keys status',
  summary: 'the keys that identities are compared with: since when, and when an older one may go',
  notes: 'As the processes registered them in the database; no key is shown.',
  async run(call) {
    const rings = await withDatabase(settingsOf(call.world), ringStatuses);
    return { exitCode: 0, text: inWords(rings), json: { rings: rings.map(asJson) } };
  },
};

function inWords(rings: readonly RingStatus[]): string {
  if (rings.length === 0) return 'No key is registered yet. A gateway registers its keys when it starts.';
  return rings
    .flatMap((status) => [
      `${ringName(status.ring)}: current key ${status.current.keyId} since ${status.current.activatedAt.toISOString()}`,
      ...(status.older.length === 0 && status.leadsToRewrite === 0 ? [] : [`  blind indexes ${rewritingBar(status)}`]),
      ...status.older.map((key) => `  older key ${key.keyId} since ${key.activatedAt.toISOString()}: ${mayGo(key)}`),
    ])
    .join('\n');
}

function mayGo({ keyId, windowPassed, windowPassedAt, leadsToRewrite, claimsOnlyHere }: OlderKey): string {
  const waits = [
    ...(windowPassed ? [] : [`the duplicate window passes at ${windowPassedAt.toISOString()}`]),
    ...(leadsToRewrite === 0 ? [] : [`${leadsToRewrite} leads to rewrite`]),
    ...(claimsOnlyHere === 0 ? [] : [`${claimsOnlyHere} identities known under it only`]),
  ];
  return waits.length === 0 ? `may go: leadgate keys retire ${keyId}` : waits.join(', ');
}

function asJson({ ring, current, older, leads, leadsToRewrite }: RingStatus): object {
  return {
    ring: ring === '' ? null : ring,
    current: { id: current.keyId, activated_at: current.activatedAt },
    leads,
    leads_to_rewrite: leadsToRewrite,
    older: older.map((key) => ({
      id: key.keyId,
      activated_at: key.activatedAt,
      window_passed_at: key.windowPassedAt,
      leads_to_rewrite: key.leadsToRewrite,
      claims_only_here: key.claimsOnlyHere,
      may_go: key.windowPassed && key.leadsToRewrite === 0 && key.claimsOnlyHere === 0,
    })),
  };
}
