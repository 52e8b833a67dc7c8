// A process that drops files until it is killed: it sends keys 0, 1, 2 … in handfuls and says which of them it was told are delivered.
//
// Arguments: the root, the mapping as JSON, the first key. Lines: one key per delivery that was answered as delivered; `! <code> <key>` for others.
import { setMaxListeners } from 'node:events';
import { fileDestination } from '../../../dist/libs/delivery/src/destinations/file/file.destination.js';
import { FileDrops } from '../../../dist/libs/delivery/src/destinations/file/file-drops.js';

const [root, mapping, first] = process.argv.slice(2);
const drops = new FileDrops({ root, makesRoot: false });
const config = { name: 'nightly', kind: 'file', options: { format: 'csv', max_rows: '500' } };
const destination = fileDestination(drops).open(config, { tenantId: 'acme', mapping: JSON.parse(mapping) });
const { signal } = new AbortController();
setMaxListeners(0, signal);

for (let key = Number(first); ; key += 20) {
  const keys = Array.from({ length: 20 }, (_, n) => `${key + n}`.padStart(52, 'K'));
  await Promise.all(
    keys.map(async (idempotencyKey) => {
      const payload = JSON.stringify({ note: `line one\nline "two" of ${idempotencyKey} ${'x'.repeat(500)}` });
      const answer = await destination.send({
        leadId: '',
        payload,
        contentType: 'application/json',
        idempotencyKey,
        attemptNo: 1,
        traceparent: null,
        signal,
      });
      process.stdout.write(answer.signal.kind === 'answered' ? `${idempotencyKey}\n` : `! ${answer.errorCode} ${idempotencyKey}\n`);
    }),
  );
}
