import { refuse } from '../body/refusal.js';
import type { JudgeScheme, ShownRequest } from './scheme.js';

/** Headers that a proxy adds: with one of them a loopback peer is only the messenger. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const;

/** Without authentication only programs on this machine are answered, unless the source says `open: true`. */
export const judgeNone: JudgeScheme = ({ open }, { head }) => {
  if (open === true || isDirectLoopback(head)) return null;
  return refuse(
    'source_not_open',
    'This source has no authentication, so it answers only programs on its own machine. Give it a shared secret (the demo webhook: ' +
      'WEBHOOK_SHARED_SECRET), or set open: true in its configuration.',
  );
};

function isDirectLoopback({ peerAddress, headers }: ShownRequest['head']): boolean {
  const loopback = peerAddress === '127.0.0.1' || peerAddress === '::1' || peerAddress.startsWith('127.');
  return loopback && FORWARDING.every((name) => headers[name] === undefined);
}
