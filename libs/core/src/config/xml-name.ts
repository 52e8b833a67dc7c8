/** The ASCII part of XML's names, without the colon of namespaces; names that begin with "xml" are XML's own. */
const XML_NAME = /^(?!xml)[A-Za-z_][A-Za-z0-9_.-]*$/i;

export const isXmlName = (name: string): boolean => XML_NAME.test(name);

export const XML_NAME_HELP =
  'must be the name of an element: letters, digits, _, - and dots, beginning with a letter or _, and not with xml';
