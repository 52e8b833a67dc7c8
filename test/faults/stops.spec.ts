import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithSuite } from '../support/child-process.js';
import { eventually, within } from '../support/eventually.js';
import { makeDataDir } from '../support/gateway-process.js';
import { answers, ScriptedCrm } from '../support/scripted-crm.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';

/** Called five at a time, ten seconds each: more than a minute, were they waited for. */
const EVENTS = 40;

const APPEND_EVENTS = `
  insert into operator_events (id, tenant_id, type, subject, next_attempt_at)
  select gen_random_uuid(), null, 'destination.paused', 'demo/one-' || n, clock_timestamp() from generate_series(1, $1) n`;

/** Loaded before the gateway: from the signal on, its event loop never turns again. */
const STANDS_STILL = "--import=data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})";

describe('a gateway whose event loop stands still', () => {
  it('F45: says so and ends by itself, and what it had in hand is delivered once by the next one', async () => {
    const world = await FaultWorld.open({ env: { LEADGATE_STANDSTILL_SECONDS: '5' } });
    try {
      const gateway = world.slot({ NODE_OPTIONS: STANDS_STILL });
      await gateway.start();
      const before = await acceptLead(gateway.url, 1);
      await world.until('it is delivered', `select from leads where id = $1 and status = 'DELIVERED'`, [before]);
      await world.crm.mode({ mode: 'timeout' });
      const inHand = await acceptLead(gateway.url, 2);
      await eventually('the CRM has it', async () => ((await world.crm.leads()).length === 2 ? true : undefined));
      gateway.running.process.kill('SIGUSR2');
      expect(await gateway.running.ended()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(gateway.output()).toContain('The event loop has stood still for 5 s');

      await world.crm.mode({ mode: 'ok' });
      await world.timePasses();
      await gateway.start();
      await world.until('it is delivered, too', `select from leads where id = $1 and status = 'DELIVERED'`, [inHand]);
      expect(await world.crm.leads()).toHaveLength(2);
    } finally {
      await world.close();
    }
  });
});

describe('a gateway that is told to stop', () => {
  it('F16: while its operators’ receiver and a CRM hang, ends in time and knows what became of the call', async () => {
    const receiver = await ScriptedCrm.start();
    receiver.always(answers.never());
    const world = await FaultWorld.open({
      env: {
        LEADGATE_OPERATOR_WEBHOOK_URL: receiver.url,
        LEADGATE_OPERATOR_WEBHOOK_SECRET: 'env:OPERATORS_SECRET',
        OPERATORS_SECRET: 'a-secret-of-the-operators',
        LEADGATE_ALLOWED_PRIVATE_ADDRESSES: `127.0.0.1:${receiver.port}`,
      },
    });
    try {
      const gateway = world.slot();
      await gateway.start();
      await world.crm.mode({ mode: 'timeout' });
      const leadId = await acceptLead(gateway.url, 1);
      await eventually('the CRM has it', async () => ((await world.crm.leads()).length === 1 ? true : undefined));
      await world.rows(APPEND_EVENTS, [EVENTS]);
      await receiver.received(1);

      expect(await gateway.running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(gateway.output()).toContain('stopped: everything accepted is in Postgres');
      const attempts = await world.rows(`select sent_state from delivery_attempts where lead_id = $1 and finished_at is not null`, [
        leadId,
      ]);
      expect(attempts).toEqual([{ sent_state: 'unknown' }]);
    } finally {
      await world.close();
      await receiver.close();
    }
  });

  it('F16: while it is still starting, says no more that it is ready', async () => {
    const world = await FaultWorld.open();
    try {
      const gateway = world.slot({ LEADGATE_DRAIN_SECONDS: '3' });
      await gateway.start({ unready: true });
      const ended = gateway.running.kill('SIGTERM');
      const answers: number[] = [];
      await eventually('the door is closed', async () => {
        const answer = await fetch(`${gateway.url}/health/ready`).catch(() => undefined);
        if (answer !== undefined) answers.push(answer.status);
        return answer === undefined ? true : undefined;
      });
      expect(answers.filter((status) => status === 200)).toEqual([]);
      expect(await ended).toEqual({ code: 0, signal: null });
    } finally {
      await world.close();
    }
  });

  it('F16: while a file cannot be opened because its disk hangs, ends all the same', async () => {
    const folder = await makeDataDir();
    // Nobody ever writes to it: who opens it waits as for a disk that does not answer.
    const file = join(folder.path, 'hangs');
    execFileSync('mkfifo', [file]);
    const endProcess = pathToFileURL(join(process.cwd(), 'dist/apps/gateway/src/end-process.js')).href;
    const program = `
      import { open } from 'node:fs';
      import { endProcess } from ${JSON.stringify(endProcess)};
      open(${JSON.stringify(file)}, 'r', () => {});
      await endProcess(0, { fatal: (line) => console.log(line) }, 100);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    endWithSuite(child);
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    expect(await within('it ends', once(child, 'close'))).toEqual([null, 'SIGKILL']);
    expect(said).toContain('LEADGATE_FILE_DROP_DIR');
    await folder.remove();
  });
});
