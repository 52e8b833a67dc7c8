import { UsageProblem } from './command.js';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A moment as people write it: `90m`, `24h`, `7d`, `2w` (that long ago), or a date or date-time; without an offset in UTC.
 * @param now in milliseconds since 1970. @returns the same
 * @throws UsageProblem
 */
export function momentOf(option: string, text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const written = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const moment = /^\d{4}-\d\d-\d\dT/.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw new UsageProblem(
      `--${option} must be a time ago such as 90m, 24h or 7d, or a date such as 2026-11-20 or 2026-11-20T08:00Z, but is "${text}".`,
    );
  }
  return moment;
}
