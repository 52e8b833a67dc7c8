import { digitsOf, isXmlName, type JsonObject, type JsonValue } from '#core';

/**
 * What XML 1.0 cannot carry, not even escaped: control characters and two non-characters, beside halves of surrogate pairs. The control
 * characters from U+007F it only discourages; they go with the others.
 */
const UNFIT = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]/u;

export interface WrittenXml {
  readonly text: string;
  /** Characters that XML cannot carry became U+FFFD. */
  readonly replaced: boolean;
}

/**
 * XML 1.0 without attributes or namespaces: members are elements in their order, a list repeats its element, null is an empty element.
 * A member whose name cannot be that of an element, which only data of a lead can have, is `<item name="…">`.
 */
export function writeXml(root: string, body: JsonObject): WrittenXml {
  const writer = new XmlWriter();
  writer.element(root, body);
  return { text: `<?xml version="1.0" encoding="UTF-8"?>\n${writer.text}`, replaced: writer.replaced };
}

class XmlWriter {
  text = '';
  replaced = false;

  element(name: string, value: JsonValue): void {
    const known = isXmlName(name);
    const opening = known
      ? name
      : `item name="${this.escaped(name).replaceAll('"', '&quot;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;')}"`;
    this.text += `<${opening}>`;
    this.content(value);
    this.text += known ? `</${name}>` : '</item>';
  }

  private content(value: JsonValue): void {
    if (Array.isArray(value)) this.items('item', value);
    else if (value !== null && typeof value === 'object') this.members(value);
    else if (value !== null) this.text += this.escaped(typeof value === 'number' ? digitsOf(value) : String(value));
  }

  private members(value: JsonObject): void {
    for (const [name, member] of Object.entries(value)) {
      if (Array.isArray(member)) this.items(name, member);
      else this.element(name, member);
    }
  }

  private items(name: string, list: readonly JsonValue[]): void {
    for (const item of list) this.element(name, item);
  }

  /** `>` as well, because `]]>` must not stand in text; a carriage return, because readers would make a line feed of it. */
  private escaped(text: string): string {
    return this.fit(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
  }

  private fit(text: string): string {
    if (text.isWellFormed() && !UNFIT.test(text)) return text;
    this.replaced = true;
    return text.toWellFormed().replaceAll(new RegExp(UNFIT, 'gu'), '\ufffd');
  }
}
