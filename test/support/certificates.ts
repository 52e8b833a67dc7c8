import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  /** DNS names it is for. */
  readonly names: readonly string[];
  /** Who signs it; unless told it signs itself. */
  readonly authority?: Authority;
  readonly validUntil?: Date;
}

export interface Authority extends Certificate {
  readonly name: string;
  readonly signingKey: KeyObject;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));

/** An authority of a test's own; who trusts it trusts what it signs. */
export function anAuthority(name = 'Test Authority'): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const basicConstraints = extension(oid(2, 5, 29, 19), sequence(tlv(0x01, Buffer.from([0xff]))));
  const cert = signed({ issuer: name, subject: name, publicKey, signingKey: privateKey, extensions: basicConstraints });
  return { name, signingKey: privateKey, cert, key: pemOf(privateKey) };
}

/** X.509 by hand, as little as TLS asks for: Node makes keys and signatures but no certificates. */
export function aCertificate({ names, authority, validUntil }: CertificateWish): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = names[0] ?? 'nobody';
  const altNames = extension(oid(2, 5, 29, 17), sequence(...names.map((name) => tlv(0x82, Buffer.from(name, 'latin1')))));
  const cert = signed({
    issuer: authority?.name ?? subject,
    subject,
    publicKey,
    signingKey: authority?.signingKey ?? privateKey,
    extensions: altNames,
    ...(validUntil && { validUntil }),
  });
  return { cert, key: pemOf(privateKey) };
}

interface Parts {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: Buffer;
  readonly validUntil?: Date;
}

function signed({ issuer, subject, publicKey, signingKey, extensions, validUntil = new Date(Date.now() + DAY_MS) }: Parts): string {
  const serial = randomBytes(8);
  serial[0] = 0x40;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(new Date(validUntil.getTime() - 10 * DAY_MS)), time(validUntil)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(extensions)),
  );
  const certificate = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, signingKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** DER: tag, length, value. */
function tlv(tag: number, ...values: Buffer[]): Buffer {
  const value = Buffer.concat(values);
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...values: Buffer[]): Buffer {
  return tlv(0x30, ...values);
}

function bits(value: Buffer): Buffer {
  return tlv(0x03, Buffer.from([0]), value);
}

function nameOf(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(2, 5, 4, 3), tlv(0x0c, Buffer.from(commonName, 'utf8')))));
}

function time(at: Date): Buffer {
  return tlv(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`, 'latin1'));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tlv(0x04, value));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
