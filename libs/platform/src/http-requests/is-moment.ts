import { applyDecorators } from '@nestjs/common';
import { IsISO8601, Matches } from 'class-validator';

/** Weeks, days of a year and dates without a day are ISO 8601 too, but not Postgres; it takes no zone beyond ±15:59 either. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-](0\d|1[0-5]):[0-5]\d))?$/;
const HELP = {
  message:
    '$property must be a date (2026-11-22) or a moment with its zone (2026-11-22T08:00:00Z; a + in the zone is written %2B in an address)',
};

/** A date, which begins at 00:00 UTC, or a moment with its zone: a text Postgres takes for a timestamptz. */
export function IsMoment(): PropertyDecorator {
  return applyDecorators(Matches(MOMENT, HELP), IsISO8601({ strict: true }, HELP));
}
