import { createHash, timingSafeEqual } from 'node:crypto';
import { isUnauthenticated, type SourceConfig } from '#core';
import { refuse, type Refusal } from '../body/refusal.js';
import { headerOf, type RequestHead } from './request-head.js';

const DEFAULT_SECRET_HEADER = 'x-shared-secret';

/** Headers that a proxy adds: with one of them a loopback peer is only the messenger. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const;

export function secretHeaderOf({ authentication }: SourceConfig): string {
  return authentication.header?.toLowerCase() ?? DEFAULT_SECRET_HEADER;
}

/** May this sender use this source? */
export function judgeAccess(source: SourceConfig, head: RequestHead): Refusal | null {
  if (isUnauthenticated(source)) {
    if (source.open === true || isDirectLoopback(head)) return null;
    return refuse(
      'source_not_open',
      'This source has no authentication, so it answers only programs on its own machine. Give it a shared secret (the demo webhook: ' +
        'WEBHOOK_SHARED_SECRET), or set open: true in its configuration.',
    );
  }
  const given = headerOf(head.headers, secretHeaderOf(source));
  if (given === null || given === '') {
    return refuse(
      'missing_authentication',
      `This source expects its shared secret in the header ${source.authentication.header ?? 'X-Shared-Secret'}.`,
    );
  }
  if (!isSameSecret(given, source.authentication.secret ?? '')) {
    return refuse('invalid_authentication', 'The shared secret is not the one configured for this source.');
  }
  return null;
}

function isDirectLoopback({ peerAddress, headers }: RequestHead): boolean {
  const loopback = peerAddress === '127.0.0.1' || peerAddress === '::1' || peerAddress.startsWith('127.');
  return loopback && FORWARDING.every((name) => headers[name] === undefined);
}

/** Compared as hashes: equal lengths whatever was sent, and a time that says nothing about the secret. Node hands headers over as latin1. */
function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(Buffer.from(given, 'latin1')), sha256(Buffer.from(expected)));
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
