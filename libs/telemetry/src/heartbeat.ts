import { gaugeLine } from './statsd-lines.js';
import type { Outlet } from './udp-outlet.js';

/** A beat that could not be sent is tried again after this long, so that a collector that comes up late soon hears one. */
const AGAIN_AFTER_MS = 1000;

export interface Signs {
  uptimeSeconds(): number;
  /** From 0 to 1. */
  queueFillRatio(): number;
}

/** Tells that the process lives, on a timer and a socket of its own: when decisions pile up or none come, this still goes out. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private lastBeatAt: number | undefined;

  constructor(
    private readonly outlet: Outlet,
    private readonly everySeconds: number,
    private readonly signs: Signs,
  ) {}

  start(): void {
    this.beat();
  }

  /** A beat has left within the last two intervals. */
  get isBeating(): boolean {
    return this.lastBeatAt !== undefined && performance.now() - this.lastBeatAt <= 2 * this.everySeconds * 1000;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outlet.close();
  }

  private beat(): void {
    const ready = this.outlet.isReady();
    if (ready) {
      this.outlet.send(this.lines(), (sent) => {
        if (sent) this.lastBeatAt = performance.now();
      });
    }
    this.timer = setTimeout(() => this.beat(), ready ? this.everySeconds * 1000 : AGAIN_AFTER_MS).unref();
  }

  private lines(): string {
    return [
      gaugeLine('system_alive', 1),
      gaugeLine('process_uptime_seconds', Math.round(this.signs.uptimeSeconds())),
      gaugeLine('telemetry_queue_fill_ratio', Number(this.signs.queueFillRatio().toFixed(4))),
    ].join('\n');
  }
}
