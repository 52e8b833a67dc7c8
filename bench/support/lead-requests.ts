import { seededRandom } from './seeded-random.js';

/**
 * Lead requests for the webhook as ready-made bytes: valid for the demo tenant, each with its own e-mail and phone, the same for the
 * same seed. Text that differs in length comes from 64 templates made once; per request only digits of fixed width are written into a
 * copy, which costs about a microsecond.
 */
export interface LeadRequestOptions {
  url: URL;
  /** From 0 to 999,999. */
  seed: number;
  /** Sends an `Idempotency-Key` of its own with each request. */
  idempotency: boolean;
  /** Further header lines, such as `X-Shared-Secret: …`. */
  headers?: readonly string[];
}

interface Template {
  bytes: Buffer;
  /** Where the number stands: in the e-mail and, with idempotency, in the key. */
  numbers: number[];
  prefix: number;
  subscriber: number;
  zip: number;
}

const TEMPLATES = 64;
/** Numbers below this are unique; 9 digits are kept for them. */
export const MAX_REQUESTS = 1_000_000_000;

const NUMBER = '#########';
const PREFIX = '$$';
const SUBSCRIBER = '&&&&&&&';
const ZIP = '!!!';

/** German mobile prefixes 0160, 0170, 0171 and 0175 take seven digits: 40 million valid numbers. */
const PREFIXES = [60, 70, 71, 75] as const;
const SUBSCRIBERS = 10_000_000;
/** Seeds 0 to 39 share no phone number in their first million requests. */
const PHONES_PER_SEED = 1_000_000;

const FIRST_NAMES = ['Anna', 'Jörg', 'Leyla', 'Karl-Heinz', 'Zoë', 'Emre', 'Sabine', 'Müşerref'];
const LAST_NAMES = ['Müller', 'Özdemir', 'von der Heide', 'McDonald', 'Groß', 'Nguyen', 'Weber', 'D’Angelo'];
const STREETS = ['Musterstraße', 'Am Schloßberg', 'Straße des 13. Januar', 'Kaiserstraße'];
const CITIES = ['Saarbrücken', 'Völklingen', 'Neunkirchen', 'St. Ingbert', 'Merzig'];
const OFFERS = ['Kaufen', 'Mieten', 'Beides interessant'];
const ROOFS = ['Satteldach', 'Flachdach', 'Walmdach', 'Pultdach'];

export class LeadRequests {
  private readonly templates: Template[];

  constructor(private readonly options: LeadRequestOptions) {
    const random = seededRandom(options.seed);
    this.templates = Array.from({ length: TEMPLATES }, () => makeTemplate(options, random));
  }

  /** The bytes of request `number` (from 0), head and body. */
  request(number: number): Buffer {
    const template = this.templates[number % TEMPLATES] as Template;
    const bytes = Buffer.from(template.bytes);
    const phone = (this.options.seed * PHONES_PER_SEED + number) % (PREFIXES.length * SUBSCRIBERS);
    for (const at of template.numbers) writeDigits(bytes, at, NUMBER.length, number);
    writeDigits(bytes, template.prefix, PREFIX.length, PREFIXES[Math.floor(phone / SUBSCRIBERS)] ?? 60);
    writeDigits(bytes, template.subscriber, SUBSCRIBER.length, phone % SUBSCRIBERS);
    writeDigits(bytes, template.zip, ZIP.length, number % 1000);
    return bytes;
  }

  /** The idempotency key of request `number`; null when none is sent. */
  key(number: number): string | null {
    return this.options.idempotency ? keyOf(this.options.seed, String(number).padStart(NUMBER.length, '0')) : null;
  }
}

function keyOf(seed: number, number: string): string {
  return `load-${seed}-${number}`;
}

function makeTemplate({ url, seed, idempotency, headers = [] }: LeadRequestOptions, random: () => number): Template {
  const pick = (choices: readonly string[]): string => choices[Math.floor(random() * choices.length)] ?? '';
  const body = JSON.stringify({
    email: `load-${seed}-${NUMBER}@example.com`,
    phone: `01${PREFIX} ${SUBSCRIBER}`,
    first_name: pick(FIRST_NAMES),
    last_name: pick(LAST_NAMES),
    address: { zip: `66${ZIP}`, street: `${pick(STREETS)} ${1 + Math.floor(random() * 120)}`, city: pick(CITIES) },
    house: { is_owner: true },
    solar_offer_type: pick(OFFERS),
    solar_roof_type: pick(ROOFS),
    solar_energy_consumption: String(2000 + Math.floor(random() * 8000)),
  });
  const lines = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(idempotency ? [`Idempotency-Key: ${keyOf(seed, NUMBER)}`] : []),
    ...headers,
  ];
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  const bytes = Buffer.from(head + body);
  const bodyAt = Buffer.byteLength(head);
  return {
    bytes,
    numbers: [bytes.indexOf(NUMBER, bodyAt), ...(idempotency ? [bytes.indexOf(NUMBER)] : [])],
    prefix: bytes.indexOf(PREFIX, bodyAt),
    subscriber: bytes.indexOf(SUBSCRIBER, bodyAt),
    zip: bytes.indexOf(ZIP, bodyAt),
  };
}

function writeDigits(bytes: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let digit = at + width - 1; digit >= at; digit -= 1) {
    bytes[digit] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
