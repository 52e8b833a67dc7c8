import { collapseBlanks, storable, trimBlanks } from './text.js';

describe('trimBlanks', () => {
  it.each([
    ['spaces, tabs and line ends', ' \t\r\n66123 \n', '66123'],
    ['a no-break space and an ideographic one', '\u00a066123\u3000', '66123'],
    ['next line and the file separators', '\u0085\u001c66123\u001f', '66123'],
    ['a zero-width space and a byte order mark', '\ufeff\u200b66123\u2060', '66123'],
    ['nothing from inside', 'van  der\u200bBerg', 'van  der\u200bBerg'],
    ['all of a text of blanks', ' \u2003 ', ''],
  ])('takes off %s', (_description, text, trimmed) => {
    expect(trimBlanks(text)).toBe(trimmed);
  });
});

describe('collapseBlanks', () => {
  it('makes one space of every run and leaves zero-width characters where they join a word', () => {
    expect(collapseBlanks('a \t\u00a0b\r\n\nc\u200bd')).toBe('a b c\u200bd');
  });
});

describe('storable', () => {
  it.each([
    ['a NUL', 'Jo\u0000hn', 'John'],
    ['half a surrogate pair', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['nothing of a whole pair', '😀', '😀'],
  ])('repairs %s', (_description, text, stored) => {
    expect(storable(text)).toBe(stored);
  });
});
