import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { TARGET_REFUSED } from './call-failure.js';
import { OutboundHttp } from './outbound-http.js';
import { OutboundRules } from './outbound-rules.js';

const SPELLINGS = ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433'] as const;
const LIMIT_MS = 5000;

/**
 * Tries this machine in three spellings against a listener of our own, which nothing may reach. A new version of Node or of the HTTP library
 * that connects in another way would leave the rules in place and undo them; then no gateway is to run.
 * @throws when one of them was not refused
 */
export async function proveOutboundRules(
  make = (): OutboundHttp => new OutboundHttp({ userAgent: 'leadgate', rules: OutboundRules.strict }),
): Promise<void> {
  let reached = 0;
  const listener = createServer((socket) => {
    reached += 1;
    socket.destroy();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const http = make();
  try {
    const outcomes = await Promise.all(
      SPELLINGS.map((host) =>
        http.get({ origin: `https://${host}:${port}`, path: '/', headers: {}, timeoutMs: LIMIT_MS, keepConnection: false }),
      ),
    );
    const refused = outcomes.every((outcome) => outcome.kind === 'not_sent' && outcome.code === TARGET_REFUSED);
    if (refused && reached === 0) return;
    throw new Error(
      'This gateway could be made to call addresses inside of its network: a call to this machine was not refused. ' +
        'It does not start. Run it with the versions of Node and of the packages that it was released with.',
    );
  } finally {
    await http.close();
    listener.close();
  }
}
