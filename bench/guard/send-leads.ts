import { type HttpConnection, withConnections } from '../support/http-connection.js';
import { type Percentiles, percentilesOf, rounded } from '../support/statistics.js';
import { type GuardAnswer, readGuardAnswer } from './guard-answer.js';
import type { LabelledLead } from './labels.js';
import { LeadSupply } from './lead-supply.js';

export interface SendOptions {
  /** Of the gateway. */
  readonly url: string;
  readonly tenant: string;
  readonly leadOf: (number: number) => LabelledLead;
  readonly count: number;
  readonly connections: number;
  /**
   * undefined: a closed loop, each connection sends when it has its answer. Else an open loop: lead n is due n / perSecond seconds after
   * the start, and its latency counts from there, also when every connection was busy.
   */
  readonly perSecond?: number;
  readonly onAnswer: (lead: LabelledLead, answer: GuardAnswer | undefined) => void;
  readonly onProgress?: (answered: number) => void;
}

export interface SendReport extends Percentiles {
  /** Answers per second, from the first request to the last answer. */
  readonly rps: number;
  readonly seconds: number;
}

const PATH = '/v1/leads/ingest';
const TIMEOUT_MS = 30_000;
/** How often an open loop looks whether a lead is due. */
const TICK_MS = 1;

export async function sendLeads(options: SendOptions): Promise<SendReport> {
  const { tenant, connections, count, perSecond, onAnswer, onProgress } = options;
  const url = new URL(PATH, options.url);
  const supply = new LeadSupply(options.leadOf, count);
  const free = new Set<HttpConnection>();
  const latencies: number[] = [];
  const startedAt = performance.now();
  let lastAnswerAt = startedAt;

  const dueAt = ({ number }: LabelledLead): number =>
    perSecond === undefined ? performance.now() : startedAt + (number * 1000) / perSecond;
  const due = (): number => (perSecond === undefined ? count : Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1);

  const send = (connection: HttpConnection, lead: LabelledLead): void => {
    const since = dueAt(lead);
    connection.send(requestBytes(url, tenant, lead), (answer) => {
      lastAnswerAt = performance.now();
      latencies.push(lastAnswerAt - since);
      supply.answered(lead);
      onAnswer(lead, readGuardAnswer(answer));
      onProgress?.(latencies.length);
    });
  };
  const sendWhatIsDue = (): void => {
    for (const connection of free) {
      if (supply.isDone) {
        free.delete(connection);
        connection.close();
        continue;
      }
      const lead = supply.take(due());
      if (lead === undefined) return;
      free.delete(connection);
      send(connection, lead);
    }
  };

  const tick = setInterval(sendWhatIsDue, TICK_MS);
  await withConnections(connections, {
    url,
    timeoutMs: TIMEOUT_MS,
    onFree: (connection) => {
      free.add(connection);
      sendWhatIsDue();
    },
    onLost: (connection) => void free.delete(connection),
    isOver: () => supply.isDone,
  });
  clearInterval(tick);
  const seconds = (lastAnswerAt - startedAt) / 1000;
  return { rps: rounded(latencies.length / seconds, 0), seconds: rounded(seconds), ...percentilesOf(latencies) };
}

function requestBytes(url: URL, tenant: string, { fields }: LabelledLead): Buffer {
  const body = JSON.stringify({ tenant_id: tenant, ...fields });
  const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}
