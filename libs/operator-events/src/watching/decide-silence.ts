/** What a source brought in an hour, and what it brought in hours like it. */
export interface HeardInHour {
  /** Leads so far. */
  readonly heard: number;
  /** How much of the hour has passed, from 0 to 1. */
  readonly share: number;
  /** The same hour of the week, in the weeks before, as far as the source was known. */
  readonly sameHourOfWeek: readonly number[];
  /** The same hour of the days before. */
  readonly sameHourOfDay: readonly number[];
  /** Operators were told that it is silent. */
  readonly wasSilent: boolean;
}

export type Silence = 'silent' | 'heard' | 'unchanged';

/** A median of two is the least that one odd week does not make. */
const WEEKS_KNOWN = 2;
/** Until then the weakest of the days before, so that a Sunday after working days is no silence. */
const DAYS_KNOWN = 3;
/**
 * How many leads must be missing for it to mean something. A source that brings 20 an hour by chance brings 2 or fewer once in two million hours;
 * one that brings two a week never gets here.
 */
const LEAST_EXPECTED = 20;
const SILENT_SHARE = 0.1;
/** More than what counts as silence, so that a source at the edge is not told of over and over. */
const HEARD_SHARE = 0.3;

/** How many leads are usual for the hour; null: not enough is known. */
export function usualLeads({ sameHourOfWeek, sameHourOfDay }: Pick<HeardInHour, 'sameHourOfWeek' | 'sameHourOfDay'>): number | null {
  if (sameHourOfWeek.length >= WEEKS_KNOWN) return median(sameHourOfWeek);
  return sameHourOfDay.length >= DAYS_KNOWN ? Math.min(...sameHourOfDay) : null;
}

/** Does a source bring far less than is usual for it? */
export function decideSilence(hour: HeardInHour): Silence {
  const usual = usualLeads(hour);
  const expected = (usual ?? 0) * hour.share;
  if (hour.wasSilent) return hour.heard >= Math.max(1, HEARD_SHARE * expected) ? 'heard' : 'unchanged';
  return expected >= LEAST_EXPECTED && hour.heard <= SILENT_SHARE * expected ? 'silent' : 'unchanged';
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
