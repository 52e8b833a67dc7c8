import { readSettings } from '../config/settings.js';
import { armFailpoints, failpoint, FailpointReached } from './failpoint.js';
import { FAILPOINTS } from './failpoint-names.js';
import { type ArmedFailpoint, readFailpoints } from './read-failpoints.js';

function armed(text: string): readonly ArmedFailpoint[] {
  const reading = readFailpoints(text);
  if ('problem' in reading) throw new Error(reading.problem);
  return reading.value;
}

describe('LEADGATE_FAILPOINTS', () => {
  it('names places, what they are about, what happens there and at which hit', () => {
    expect(armed('accept_after_commit:kill@3, ring_before_add:sleep:5000,process_after_load[lead-1]:crash')).toEqual([
      { name: 'accept_after_commit', subject: null, verb: 'kill', milliseconds: 0, hit: 3 },
      { name: 'ring_before_add', subject: null, verb: 'sleep', milliseconds: 5000, hit: null },
      { name: 'process_after_load', subject: 'lead-1', verb: 'crash', milliseconds: 0, hit: null },
    ]);
  });

  it.each([
    ['accept_after_comit:kill', 'did you mean accept_after_commit?'],
    ['', 'begins with no failpoint'],
    ['accept_after_commit:explode', 'none of kill, stop, throw, crash, sleep, block'],
    ['accept_after_commit:sleep', 'followed by milliseconds'],
    ['accept_after_commit:kill:5', 'followed by milliseconds'],
    ['accept_after_commit:kill@0', 'counted from 1'],
  ])('"%s" is refused', (text, problem) => {
    expect(readFailpoints(text)).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  it('stops the start unless failpoints are allowed, so that nobody meets one by accident', () => {
    const text = 'accept_after_commit:kill';
    expect(() => readSettings({ LEADGATE_FAILPOINTS: text })).toThrow('LEADGATE_ALLOW_FAILPOINTS');
    expect(() => readSettings({ LEADGATE_FAILPOINTS: text, LEADGATE_ALLOW_FAILPOINTS: 'no' })).toThrow('LEADGATE_ALLOW_FAILPOINTS');
    expect(readSettings({ LEADGATE_FAILPOINTS: text, LEADGATE_ALLOW_FAILPOINTS: 'yes' }).failpoints).toEqual(armed(text));
    expect(readSettings({}).failpoints).toEqual([]);
  });
});

describe('a failpoint', () => {
  afterEach(() => armFailpoints([]));

  it('does nothing, not even wait, while none is armed', () => {
    for (const name of Object.keys(FAILPOINTS)) expect(failpoint(name as keyof typeof FAILPOINTS)).toBeUndefined();
  });

  it('strikes at the hit it was told, and only at its place', async () => {
    armFailpoints(armed('decide_before_commit:throw@2'));
    await failpoint('decide_before_commit');
    await failpoint('decide_after_commit');
    await expect(failpoint('decide_before_commit')).rejects.toThrow(FailpointReached);
    await failpoint('decide_before_commit');
  });

  it('without a hit strikes each time, but only what it is about', async () => {
    armFailpoints(armed('process_after_load[lead-1]:throw'));
    await failpoint('process_after_load', 'lead-2');
    for (let n = 0; n < 2; n += 1) await expect(failpoint('process_after_load', 'lead-1')).rejects.toThrow('process_after_load');
  });
});
