import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import type { ProblemList } from './problem-list.js';

/**
 * Builds an instance of a configuration class and lists every member that does not fit it, unknown members included.
 * @param path where `plain` stands in the file, '' for the whole of it
 */
export function checkShape<Shape extends object>(type: ClassConstructor<Shape>, plain: object, path: string, problems: ProblemList): Shape {
  const instance = plainToInstance(type, plain);
  for (const error of validateSync(instance, { whitelist: true, forbidNonWhitelisted: true })) describe(error, path, problems);
  return instance;
}

/**
 * Ours for class-validator's words; the first that applies is the one worth reading: a missing text is not also "too short".
 * The hint is of use only to who wrote something.
 */
const SENTENCES: readonly (readonly [constraint: string, demand: string, hint?: string])[] = [
  ['isArray', 'must be a list'],
  ['isObject', 'must be an object'],
  ['nestedValidation', 'must be an object'],
  ['unknownValue', 'must be an object'],
  ['isString', 'must be text', '; put it in quotes if it looks like a number or like true/false'],
  ['arrayNotEmpty', 'must list at least one entry'],
  ['isBoolean', 'must be true or false', ', without quotes'],
  ['isInt', 'must be a whole number', ', without quotes'],
  ['isNumber', 'must be a number', ', without quotes'],
  ['minLength', 'must not be empty'],
];

function describe(error: ValidationError, parent: string, problems: ProblemList): void {
  const path = Array.isArray(error.target) ? `${parent}[${error.property}]` : joinPath(parent, error.property);
  const sentence = sentenceFor(error);
  if (sentence !== undefined) problems.add(path, sentence);
  // What is inside a list where an object belongs (or the other way round) is not worth a word.
  else for (const child of error.children ?? []) describe(child, path, problems);
}

function sentenceFor({ constraints, value, target, property }: ValidationError): string | undefined {
  if (constraints === undefined) return undefined;
  if ('whitelistValidation' in constraints) return `is not known here; remove it, or use one of: ${membersOf(target).join(', ')}`;
  const [constraint, demand, hint = ''] = SENTENCES.find(([name]) => name in constraints) ?? [];
  const theirs = constraints[constraint ?? (Object.keys(constraints)[0] as string)] as string;
  const ours =
    demand === undefined
      ? withoutName(theirs, property)
      : `${theirs.startsWith('each value in ') && constraint !== 'nestedValidation' ? 'each entry ' : ''}${demand}`;
  return value === undefined || value === null ? `is missing; it ${ours}` : `${ours}${hint}`;
}

/** class-validator begins its messages with the property's name, which our path already gives. */
function withoutName(message: string, property: string): string {
  return message
    .replace(`each value in ${property} `, 'each entry ')
    .replace(`${property} `, '')
    .replace('must be one of the following values:', 'must be one of:');
}

function membersOf(target: object | undefined): string[] {
  if (target === undefined) return [];
  const metadata = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

export const joinPath = (parent: string, member: string): string => (parent === '' ? member : `${parent}.${member}`);
