import 'reflect-metadata';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, Max, Min } from 'class-validator';

const MOST_GAPS = 100;
/** With a base of 30 s it is a month. Postgres has no moment in a million years, and an attempt whose next one cannot be written cannot be closed. */
const LONGEST_GAP = 100_000;

/** Gaps after failed attempts, in multiples of LEADGATE_RETRY_BASE_SECONDS, or nothing. */
export function RetryMultiples(): PropertyDecorator {
  const each = { each: true };
  const all = [IsOptional(), IsArray(), ArrayMaxSize(MOST_GAPS), IsInt(each), Min(0, each), Max(LONGEST_GAP, each)];
  return (target, property) => {
    for (const decorate of all) decorate(target, property);
  };
}
