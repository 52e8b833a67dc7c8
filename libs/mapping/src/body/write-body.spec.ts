import fc from 'fast-check';
import type { JsonObject } from '#core';
import { writeBody } from './write-body.js';

const written = (format: 'json' | 'form' | 'xml', body: JsonObject, root?: string) =>
  writeBody({ body: format, ...(root !== undefined && { xml_root: root }) }, body);
const inXml = (body: JsonObject): string => written('xml', body).text.replace(/^<\?xml.*\n<lead>|<\/lead>$/g, '');

/** Reads what writeXml writes, strictly: anything that is not well-formed throws. @returns element names and texts in order */
function readXml(text: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  let rest = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  while (rest !== '') {
    const token = /^(?:<(\/?)([A-Za-z_][\w.-]*)((?: name="(?:[^<>&"\t\n\r]|&#?\w+;)*")?)>|((?:[^<>&\r]|&#?\w+;)+))/.exec(rest);
    if (token === null) throw new Error(`not well-formed at ${JSON.stringify(rest.slice(0, 40))}`);
    const [all, closing, name = '', , content] = token;
    if (content !== undefined) found.push(content);
    else if (closing !== '') {
      if (open.pop() !== name) throw new Error(`${name} closes nothing`);
    } else open.push(name);
    rest = rest.slice(all.length);
  }
  if (open.length > 0) throw new Error(`${open.join()} never closes`);
  return found;
}

describe('a JSON body', () => {
  it('is the JSON of the body, and what a destination gets unless told', () => {
    const body = { b: 1, a: [true, null] };
    const expected = { contentType: 'application/json', text: '{"b":1,"a":[true,null]}', replaced: false };
    expect(written('json', body)).toEqual(expected);
    expect(writeBody({}, body)).toEqual(expected);
  });
});

describe('a form', () => {
  it.each<[description: string, body: JsonObject, text: string]>([
    ['pairs', { email: 'a@b.example', city: 'Saarbrücken & x=y' }, 'email=a%40b.example&city=Saarbr%C3%BCcken+%26+x%3Dy'],
    ['members in brackets', { lead: { address: { zip: '66123' } } }, 'lead%5Baddress%5D%5Bzip%5D=66123'],
    ['items by their index', { tags: ['a', { b: 'c' }] }, 'tags%5B0%5D=a&tags%5B1%5D%5Bb%5D=c'],
    ['numbers as digits', { n: 1e21, f: 0.0000001 }, 'n=1000000000000000000000&f=0.0000001'],
    ['words', { t: true, f: false }, 't=true&f=false'],
    ['null as nothing', { a: null, b: '' }, 'a=&b='],
    ['no pair for what is empty', { a: {}, b: [] }, ''],
    ['line breaks, which begin nothing', { 'a\r\nb': 'c\r\nd' }, 'a%0D%0Ab=c%0D%0Ad'],
  ])('holds %s', (_description, body, text) => {
    expect(written('form', body)).toEqual({ contentType: 'application/x-www-form-urlencoded', text, replaced: false });
  });

  it('reads back as it was written', () => {
    const texts = fc.dictionary(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(texts, (body) => expect(Object.fromEntries(new URLSearchParams(written('form', body).text))).toEqual({ ...body })),
    );
  });
});

describe('an XML body', () => {
  it('says what it is and has the root it is told', () => {
    expect(written('xml', { a: '1' }, 'Inquiry')).toEqual({
      contentType: 'application/xml; charset=utf-8',
      text: '<?xml version="1.0" encoding="UTF-8"?>\n<Inquiry><a>1</a></Inquiry>',
      replaced: false,
    });
  });

  it.each<[description: string, body: JsonObject, text: string]>([
    ['members as elements, in their order', { b: { c: 'x' }, a: 'ü' }, '<b><c>x</c></b><a>ü</a>'],
    ['lists as repeated elements', { tag: ['a', 'b'] }, '<tag>a</tag><tag>b</tag>'],
    ['lists in lists', { a: [['x'], []] }, '<a><item>x</item></a><a></a>'],
    ['nothing for null and an empty list', { a: null, b: [] }, '<a></a>'],
    ['numbers as digits and words', { n: 1e21, t: true }, '<n>1000000000000000000000</n><t>true</t>'],
    ['markup as text', { a: '</lead><!-- & ]]> "x"' }, '<a>&lt;/lead&gt;&lt;!-- &amp; ]]&gt; "x"</a>'],
    ['line breaks as they are', { a: 'x\r\ny\tz' }, '<a>x&#13;\ny\tz</a>'],
    [
      'names that are none as names of an item',
      { 'Wie alt? "<&>"\n': '1', xmlns: '2', '1a': ['3', '4'] },
      '<item name="Wie alt? &quot;&lt;&amp;&gt;&quot;&#10;">1</item><item name="xmlns">2</item><item name="1a">3</item><item name="1a">4</item>',
    ],
  ])('holds %s', (_description, body, text) => {
    expect(inXml(body)).toBe(text);
  });

  it.each(['\0', '\u0008', '\u000b', '\u001f', '\ufffe', '\ud800'])('replaces %j, which XML cannot carry, and says so', (unfit) => {
    expect(written('xml', { a: `x${unfit}y` })).toMatchObject({
      text: expect.stringContaining('<a>x\ufffdy</a>') as string,
      replaced: true,
    });
  });

  it('is well-formed, whatever the lead', () => {
    const any = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonObject>);
    fc.assert(
      fc.property(any, (body) => {
        const { text } = written('xml', body);
        expect(text.isWellFormed()).toBe(true);
        readXml(text);
      }),
      { numRuns: 500 },
    );
  });
});
