/**
 * Reads HTTP/1.1 answers off a raw socket, one at a time: as little as a load generator needs, so that it leaves the processor to the
 * server it measures. Knows Content-Length, chunked bodies, interim 1xx answers and bodies that end with the connection.
 */
export interface Answer {
  status: number;
  body: Buffer;
  /** The server closes this connection after the answer. */
  closes: boolean;
}

const HEAD_END = '\r\n\r\n';

export class AnswerReader {
  private held: Buffer | undefined;

  /** @returns the answer once its last byte is there. Throws on bytes that are no HTTP answer, or more than one. */
  feed(chunk: Buffer): Answer | undefined {
    const bytes = this.held === undefined ? chunk : Buffer.concat([this.held, chunk]);
    const answer = readAnswer(bytes, false);
    this.held = answer === undefined ? bytes : undefined;
    return answer;
  }

  /** The connection ended. @returns the answer when it was one that lasts until then; else what was read is dropped. */
  end(): Answer | undefined {
    const bytes = this.held;
    this.held = undefined;
    return bytes === undefined ? undefined : readAnswer(bytes, true);
  }
}

function readAnswer(bytes: Buffer, ended: boolean): Answer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  if (!/^HTTP\/1\.[01] [1-5]\d\d/.test(head)) throw new Error('The server answered something that is not HTTP/1.1.');
  const status = Number(head.slice(9, 12));
  const start = headEnd + HEAD_END.length;
  if (status < 200) return readAnswer(bytes.subarray(start), ended);

  const closes = /\r\nconnection:[ \t]*close/i.test(head) || head.startsWith('HTTP/1.0');
  if (status === 204 || status === 304) return whole(bytes, start, start, status, closes);
  if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) return readChunked(bytes, start, status, closes);
  const [, length] = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head) ?? [];
  if (length === undefined) return ended ? { status, body: bytes.subarray(start), closes: true } : undefined;
  return whole(bytes, start, start + Number(length), status, closes);
}

function readChunked(bytes: Buffer, start: number, status: number, closes: boolean): Answer | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('The server sent a chunked body with a broken chunk size.');
    const data = lineEnd + 2;
    if (size === 0) {
      const end = bytes.indexOf(HEAD_END, lineEnd);
      const answer = end < 0 ? undefined : whole(bytes, end + HEAD_END.length, end + HEAD_END.length, status, closes);
      return answer && { ...answer, body: Buffer.concat(parts) };
    }
    if (bytes.length < data + size + 2) return undefined;
    parts.push(bytes.subarray(data, data + size));
    at = data + size + 2;
  }
}

function whole(bytes: Buffer, start: number, end: number, status: number, closes: boolean): Answer | undefined {
  if (bytes.length < end) return undefined;
  if (bytes.length > end) throw new Error('The server sent more than one answer to one request.');
  return { status, body: bytes.subarray(start, end), closes };
}
