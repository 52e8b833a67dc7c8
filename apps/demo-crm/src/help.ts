/** The text of `--help`: how to start it, what to ask it, and every fault it shows on demand. */
import { FAULT_MODES, MODES } from './fault-modes.js';

const WIDTH = 12;

export const MODE_MEMBERS: readonly (readonly [name: string, says: string])[] = [
  ['times', 'how many lead requests it applies to; left out: until changed'],
  ['after', 'how many lead requests are still answered well before it begins'],
  ['path', 'only lead requests to this path, such as /lead/receive/slow; other paths stay as they are'],
  ['retryAfter', 'of 408 425 429 and 5xx: seconds, any text (soon, -5, 1e9), or date:120 for the HTTP date 120 s later'],
  ['location', 'of the 3xx modes: where they point'],
  ['ms', 'of slow and drip: milliseconds'],
];

export function renderHelp(): string {
  return [
    'The demo CRM: stands in for a customer’s CRM, shows what really arrived, and fails on demand.',
    '',
    '  node dist/apps/demo-crm/src/main.js        npm start runs it, too',
    '',
    'Environment: DEMO_CRM_PORT (3900; 0 takes a free port), HOST (127.0.0.1), LEADGATE_DATA_DIR (.leadgate), DEMO_CRM_TOKEN (demo-token).',
    '',
    ...rows(
      [
        ['POST /leads, /lead/receive/…', 'a lead, as the customer’s API takes it'],
        ['GET  /', 'the leads that arrived, for people; faults at a click'],
        ['GET  /_leads  /_requests', 'one entry per lead that is in the CRM; everything it was sent'],
        ['GET  /health', 'counts and the mode'],
        ['GET|POST /_mode', 'the fault in force; another one'],
        ['POST /_reset', 'forgets everything and is well again'],
      ],
      30,
    ),
    '',
    'A fault on demand:',
    '',
    `  curl -X POST http://127.0.0.1:3900/_mode -H 'Content-Type: application/json' -d '{"mode":"429","retryAfter":5,"times":2}'`,
    '',
    ...rows(MODE_MEMBERS, WIDTH),
    '',
    'Modes, and whether the lead arrives although the sender may be told otherwise:',
    '',
    ...rows(
      FAULT_MODES.map((mode) => [mode, `${MODES[mode].sees} · arrives: ${MODES[mode].arrives === 'judged' ? 'yes' : MODES[mode].arrives}`]),
      WIDTH,
    ),
    '',
  ].join('\n');
}

function rows(lines: readonly (readonly [string, string])[], width: number): string[] {
  return lines.map(([name, says]) => `  ${name.padEnd(width)}  ${says}`);
}
