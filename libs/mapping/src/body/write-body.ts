import { assertNever, type DestinationConfig, type JsonObject } from '#core';
import { writeForm } from './write-form.js';
import { writeXml } from './write-xml.js';

export interface WrittenBody {
  readonly contentType: string;
  readonly text: string;
  /** Characters that the format cannot carry were replaced. */
  readonly replaced: boolean;
}

/** The bytes a destination receives, as text in UTF-8. Equal bodies give equal texts. */
export function writeBody(
  { body: format = 'json', xml_root: root }: Pick<DestinationConfig, 'body' | 'xml_root'>,
  body: JsonObject,
): WrittenBody {
  switch (format) {
    case 'json':
      return { contentType: 'application/json', text: JSON.stringify(body), replaced: false };
    case 'form':
      return { contentType: 'application/x-www-form-urlencoded', text: writeForm(body), replaced: false };
    case 'xml':
      return { contentType: 'application/xml; charset=utf-8', ...writeXml(root ?? 'lead', body) };
    default:
      return assertNever(format);
  }
}
