/** What fits into one Ethernet frame beside the IPv6 and UDP headers and room for a tunnel; larger datagrams would be fragmented and then lost whole. */
export const MAX_DATAGRAM_BYTES = 1432;

/** Lines that belong together, and how many decisions they tell of. */
export interface LineGroup {
  readonly lines: readonly string[];
  readonly decisions: number;
}

/** Lines ready to be sent, separated by line feeds. */
export interface Datagram {
  readonly text: string;
  readonly decisions: number;
}

/** As few datagrams as the order allows; a group is not torn apart, so that a lost datagram is a known number of decisions. Lines are ASCII. */
export function packDatagrams(groups: readonly LineGroup[], maxBytes: number = MAX_DATAGRAM_BYTES): Datagram[] {
  const datagrams: Datagram[] = [];
  let open: Datagram | undefined;
  for (const { lines, decisions } of groups) {
    const text = lines.join('\n');
    if (open !== undefined && open.text.length + 1 + text.length <= maxBytes) {
      open = { text: `${open.text}\n${text}`, decisions: open.decisions + decisions };
    } else {
      if (open !== undefined) datagrams.push(open);
      open = { text, decisions };
    }
  }
  return open === undefined ? datagrams : [...datagrams, open];
}
