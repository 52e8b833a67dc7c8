/** Ends every switch over a closed set: a new member stops the compiler here. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected member of a closed set: ${JSON.stringify(value)}`);
}
