/** May this text stand in a header? Line breaks and NUL would let configuration write further headers or another request. */
export function isHeaderText(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
