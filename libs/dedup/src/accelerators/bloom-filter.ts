export interface BloomSize {
  readonly bits: number;
  readonly hashes: number;
}

/** The usual formula: m = -n·ln(p) / ln(2)², k = m/n·ln(2), both rounded down. @param rate of answers "may be here" for what is not */
export function bloomSizeOf(items: number, rate: number): BloomSize {
  const bits = Math.floor((-items * Math.log(rate)) / Math.LN2 ** 2);
  return { bits, hashes: Math.max(1, Math.floor((bits / items) * Math.LN2)) };
}

/** Bytes of a number that stays exact when it is multiplied by a small one and added. */
const NUMBER_BYTES = 6;

/**
 * Answers "certainly not here" or "may be here". What goes in is an HMAC already, so its bytes serve as the two hashes from which all
 * places are counted (Kirsch and Mitzenmacher: as good as that many hash functions).
 */
export class BloomFilter {
  private readonly bytes: Uint8Array;
  private added = 0;

  /** @param items that it is made for; with more of them it says "may be here" ever more often */
  constructor(
    readonly items: number,
    rate: number,
    private readonly size: BloomSize = bloomSizeOf(items, rate),
  ) {
    this.bytes = new Uint8Array(Math.ceil(size.bits / 8));
  }

  /** How many were added that it did not seem to have. */
  get count(): number {
    return this.added;
  }

  /** @param fingerprint 12 bytes or more, evenly distributed */
  add(fingerprint: Buffer): void {
    let fresh = false;
    this.eachPlace(fingerprint, (byte, bit) => {
      if (((this.bytes[byte] ?? 0) & bit) === 0) {
        fresh = true;
        this.bytes[byte] = (this.bytes[byte] ?? 0) | bit;
      }
      return true;
    });
    if (fresh) this.added += 1;
  }

  mayHave(fingerprint: Buffer): boolean {
    return this.eachPlace(fingerprint, (byte, bit) => ((this.bytes[byte] ?? 0) & bit) !== 0);
  }

  private eachPlace(fingerprint: Buffer, visit: (byte: number, bit: number) => boolean): boolean {
    const { bits, hashes } = this.size;
    const first = fingerprint.readUIntLE(0, NUMBER_BYTES) % bits;
    const step = fingerprint.readUIntLE(NUMBER_BYTES, NUMBER_BYTES) % bits;
    for (let hash = 0; hash < hashes; hash += 1) {
      const place = (first + hash * step) % bits;
      if (!visit(place >>> 3, 1 << (place & 7))) return false;
    }
    return true;
  }
}
