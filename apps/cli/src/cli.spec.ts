import { runCli } from './cli.js';
import { CommandProblem, type Command } from './command.js';
import { COMMANDS } from './commands.js';
import { renderHelp } from './help.js';

const greet: Command = {
  name: 'people greet',
  summary: 'say hello to somebody',
  notes: 'It is friendly.',
  arguments: [
    { name: 'NAME', summary: 'whom', required: true },
    { name: 'WORDS', summary: 'what to say', required: false },
  ],
  options: {
    loud: { summary: 'shout' },
    from: { value: 'CITY', summary: 'where from' },
    also: { value: 'NAME', many: true, summary: 'whom else' },
  },
  async run(call) {
    const greeting = [
      call.optionalArgument('WORDS') ?? 'hello',
      call.argument('NAME'),
      call.value('from') ?? '',
      ...call.values('also'),
    ].join(' ');
    return { exitCode: call.values('loud').length > 0 ? 1 : 0, text: greeting, json: { greeting } };
  },
};
const fail: Command = {
  name: 'fail',
  summary: 'fail',
  async run() {
    throw new CommandProblem('It failed. Mend it so.');
  },
};
const crash: Command = {
  name: 'crash',
  summary: 'crash',
  async run() {
    throw new TypeError('a mistake of ours');
  },
};

async function run(...words: string[]): Promise<{ code: number; said: string; complained: string }> {
  let [said, complained] = ['', ''];
  const code = await runCli(words, [greet, fail, crash], {
    env: {},
    folder: '/',
    projectRoot: '/',
    write: (text) => (said += text),
    complain: (text) => (complained += text),
  });
  return { code, said, complained };
}

describe('leadgate', () => {
  it.each([
    { words: ['people', 'greet', 'Ann'], said: 'hello Ann \n', code: 0 },
    { words: ['people', 'greet', 'Ann', 'hi', '--from', 'Rome', '--also', 'Bob', '--also=Cy'], said: 'hi Ann Rome Bob Cy\n', code: 0 },
    { words: ['people', 'greet', '--loud', '--', '--Ann'], said: 'hello --Ann \n', code: 1 },
    { words: ['people', 'greet', 'Ann', '--json'], said: '{\n  "greeting": "hello Ann "\n}\n', code: 0 },
  ])('$words', async ({ words, said, code }) => {
    expect(await run(...words)).toEqual({ code, said, complained: '' });
  });

  it.each([
    { words: ['people', 'greet'], complained: '`leadgate people greet` needs NAME: whom.' },
    { words: ['people', 'greet', 'Ann', 'hi', 'there'], complained: '`leadgate people greet` does not know what to do with "there".' },
    {
      words: ['people', 'greet', 'Ann', '--lout'],
      complained: '`leadgate people greet` has no option --lout; `leadgate people greet --help` lists those it has.',
    },
    { words: ['people', 'greet', 'Ann', '--from'], complained: '--from needs its CITY.' },
    { words: ['people', 'greet', 'Ann', '--from', '--loud'], complained: '--from needs its CITY.' },
    { words: ['people', 'greet', 'Ann', '--loud=yes'], complained: '--loud takes no value.' },
    { words: ['people', 'greet', 'Ann', '--from', 'a', '--from', 'b'], complained: '--from is given twice.' },
    { words: ['people'], complained: '`leadgate people` needs one of: greet.' },
    { words: ['people', 'treat'], complained: '`leadgate people` needs one of: greet; "treat" is none of them.' },
    {
      words: ['poeple', 'greet'],
      complained: 'There is no command "poeple greet"; did you mean `leadgate people greet`? `leadgate --help` lists them.',
    },
    { words: ['zzz'], complained: 'There is no command "zzz". `leadgate --help` lists them.' },
    { words: ['help', 'zzz'], complained: 'There is no command "zzz". `leadgate --help` lists them.' },
  ])('exit code 2 and one sentence: $complained', async ({ words, complained }) => {
    expect(await run(...words)).toEqual({ code: 2, said: '', complained: `${complained}\n` });
  });

  it('says it as JSON too where JSON was asked for', async () => {
    const { code, said } = await run('people', 'greet', 'Ann', '--lout', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(said)).toEqual({ error: expect.stringContaining('has no option --lout') as string });
  });

  it('a command that cannot do its work ends with 1 and its sentence', async () => {
    expect(await run('fail')).toEqual({ code: 1, said: '', complained: 'It failed. Mend it so.\n' });
    expect(await run('fail', '--json')).toMatchObject({ code: 1, said: '{\n  "error": "It failed. Mend it so."\n}\n' });
  });

  it('a mistake of ours ends with 1 and its stack', async () => {
    const { code, complained } = await run('crash');
    expect(code).toBe(1);
    expect(complained).toMatch(/^TypeError: a mistake of ours\n {4}at /);
  });

  it.each([[[]], [['--help']], [['-h']], [['help']]])('%j lists the commands', async (words) => {
    const { code, said } = await run(...words);
    expect(code).toBe(0);
    expect(said).toContain('leadgate people greet NAME [WORDS] [options]   say hello to somebody');
    expect(said).toContain('Exit codes: 0');
  });

  it.each([[['people', 'greet', '--help']], [['people', 'greet', '-h']], [['help', 'people', 'greet']]])(
    '%j explains one',
    async (words) => {
      const { code, said } = await run(...words);
      expect(code).toBe(0);
      expect(said).toContain('leadgate people greet NAME [WORDS] [--loud] [--from CITY] [--also NAME]...\n');
      expect(said).toContain('Say hello to somebody.\nIt is friendly.\n');
      expect(said).toContain('  NAME          whom\n');
      expect(said).toContain('  --also NAME   whom else\n');
    },
  );

  it('explains a noun', async () => {
    expect((await run('people', '--help')).said).toContain('leadgate people greet');
  });
});

describe('every command', () => {
  it('has a name of its own, of one or two words', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*( [a-z]+)?$/);
  });

  it('fits its help into a terminal', () => {
    const overview = renderHelp([], COMMANDS)?.split('\n') ?? [];
    expect(Math.max(...overview.map((line) => line.length))).toBeLessThan(170);
    for (const { name } of COMMANDS) {
      const [usage = ''] = renderHelp(name.split(' '), COMMANDS)?.split('\n\n') ?? [];
      for (const line of usage.split('\n')) expect(line.length).toBeLessThan(110);
    }
  });

  it('asks for required arguments before optional ones', () => {
    for (const { arguments: known = [] } of COMMANDS) {
      const required = known.map((argument) => argument.required);
      expect(required).toEqual([...required].sort((a, b) => Number(b) - Number(a)));
    }
  });
});
