import { closeSync, fdatasync, openSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const toDisk = promisify(fdatasync);

/** What senders were promised, one JSON line `{number, lead_id}` each, written as it comes and on the disk soon after: it outlives its writer. */
export class AcknowledgedLedger {
  private readonly descriptor: number;
  private isDirty = false;
  private syncing: Promise<void> | undefined;

  constructor(readonly file: string) {
    this.descriptor = openSync(file, 'a');
  }

  add(number: number, leadId: string): void {
    writeSync(this.descriptor, `${JSON.stringify({ number, lead_id: leadId })}\n`);
    this.isDirty = true;
    this.syncing ??= this.sync().finally(() => (this.syncing = undefined));
  }

  /** Every id in it, also of an acknowledgement that came twice. */
  leadIds(): string[] {
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    return [...new Set(lines.map((line) => (JSON.parse(line) as { lead_id: string }).lead_id))];
  }

  async close(): Promise<void> {
    await this.syncing;
    closeSync(this.descriptor);
  }

  /** One at a time, for everything that came meanwhile. */
  private async sync(): Promise<void> {
    while (this.isDirty) {
      this.isDirty = false;
      await toDisk(this.descriptor);
    }
  }
}
