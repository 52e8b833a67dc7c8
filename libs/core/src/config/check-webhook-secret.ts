import type { ProblemList } from './problem-list.js';

/** The secret of Standard Webhooks, in either direction: `whsec_<base64>`, or any other text that is the key itself. */
export function checkWebhookSecret(text: string, path: string, problems: ProblemList): void {
  if (text === 'whsec_') problems.add(path, 'holds nothing after whsec_; copy it once more from where the other side shows it');
  else if (text.startsWith('whsec_') && !/^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/.test(text))
    problems.add(path, 'begins with whsec_ and must go on in base64; copy it once more from where the other side shows it');
}
