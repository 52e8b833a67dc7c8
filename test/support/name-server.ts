import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

const TYPE_A = 1;

/** A DNS server on a free port that says what a test tells it: IPv4 addresses only, with a lifetime of 0. */
export class NameServer {
  /** Asked once per question for IPv4; []: there is no such address. */
  answer: (name: string) => readonly string[] = () => [];
  /** Questions about such names are never answered. */
  silentAbout: RegExp | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('message', (question, from) => this.reply(question, from));
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  close(): void {
    this.socket.close();
  }

  private reply(question: Buffer, { address, port }: RemoteInfo): void {
    const { name, end, type } = readQuestion(question);
    if (this.silentAbout?.test(name) === true) return;
    const addresses = type === TYPE_A ? this.answer(name) : [];
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(addresses.length, 6);
    head.writeUInt32BE(0, 8);
    const records = addresses.map((ip) => Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...ip.split('.').map(Number)]));
    this.socket.send(Buffer.concat([head, question.subarray(12, end), ...records]), port, address);
  }
}

function readQuestion(question: Buffer): { name: string; end: number; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5, type: question.readUInt16BE(at + 1) };
}
