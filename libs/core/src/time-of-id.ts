/** The smallest UUIDv7 of a millisecond (RFC 9562: the first 48 bits are milliseconds since 1970). Earlier moments give the smallest of all. */
export function firstIdAt(millisecond: number): string {
  const time = Math.min(Math.max(0, Math.trunc(millisecond)), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
