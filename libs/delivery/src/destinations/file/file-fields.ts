import type { DestinationField } from '../../destination.port.js';

export const FILE_FORMATS = ['ndjson', 'csv'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export const MAX_ROWS = 10_000;
export const MAX_AGE_MINUTES = 15;

const wholeNumber = (most: number) => (value: string) =>
  /^[1-9]\d{0,6}$/.test(value) && Number(value) <= most ? undefined : `must be a whole number from 1 to ${most}, in quotes`;

/** What a person configures for a drop of files. */
export const FILE_FIELDS: readonly DestinationField[] = [
  {
    path: 'url',
    label: 'Address',
    help: 'Not used: files are dropped below LEADGATE_FILE_DROP_DIR.',
    secret: false,
    check: () => 'has no use for the kind file; remove it, options.directory says where its files go',
  },
  {
    path: 'options.directory',
    label: 'Folder',
    help: "Below the tenant's folder in LEADGATE_FILE_DROP_DIR, e.g. nightly/leads; the name of the destination unless told.",
    secret: false,
    // No dots, no leading slash: there is no way out of the tenant's folder.
    check: (value) =>
      /^[a-z0-9][a-z0-9_-]{0,62}(\/[a-z0-9][a-z0-9_-]{0,62}){0,3}$/.test(value)
        ? undefined
        : 'must be one to four names of small letters, digits, dashes and underscores with / between them, e.g. nightly/leads',
  },
  { path: 'options.format', label: 'Format', help: 'ndjson unless told, or csv.', secret: false, values: FILE_FORMATS },
  {
    path: 'options.max_rows',
    label: 'Rows in a file',
    help: `A file with so many rows is finished; "${MAX_ROWS}" unless told.`,
    secret: false,
    check: wholeNumber(1_000_000),
  },
  {
    path: 'options.max_age_minutes',
    label: 'Age of a file',
    help: `A file with rows is finished after so many minutes; "${MAX_AGE_MINUTES}" unless told.`,
    secret: false,
    check: wholeNumber(10_080),
  },
  {
    path: 'options.formula_cells',
    label: 'Cells that look like formulas',
    help: "For csv: neutralise (a leading ' before = + - @, unless told), or keep for a collector that is no spreadsheet.",
    secret: false,
    values: ['neutralise', 'keep'],
  },
];
