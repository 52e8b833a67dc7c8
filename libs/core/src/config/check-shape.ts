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

/** The first of these that fails is the one worth reading: a missing text is not also "too short". */
const SENTENCES: readonly (readonly [constraint: string, sentence: string])[] = [
  ['nestedValidation', 'must be an object (or a list of objects) here'],
  ['unknownValue', 'must be an object here'],
  ['isString', 'must be text; put it in quotes if it looks like a number or like true/false'],
  ['isArray', 'must be a list'],
  ['arrayNotEmpty', 'must list at least one entry'],
  ['isBoolean', 'must be true or false, without quotes'],
  ['isInt', 'must be a whole number, without quotes'],
  ['isNumber', 'must be a number, without quotes'],
  ['isObject', 'must be an object of the form name: value'],
  ['isDefined', 'must be an object'],
  ['minLength', 'must not be empty'],
];

function describe(error: ValidationError, parent: string, problems: ProblemList): void {
  const path = Array.isArray(error.target) ? `${parent}[${error.property}]` : joinPath(parent, error.property);
  const sentence = sentenceFor(error);
  if (sentence !== undefined) problems.add(path, sentence);
  for (const child of error.children ?? []) describe(child, path, problems);
}

function sentenceFor({ constraints, value, target, property }: ValidationError): string | undefined {
  if (constraints === undefined) return undefined;
  if ('whitelistValidation' in constraints) return `is not known here; remove it, or use one of: ${membersOf(target).join(', ')}`;
  const known = SENTENCES.find(([constraint]) => constraint in constraints)?.[1];
  const sentence = known ?? withoutName(Object.values(constraints)[0] as string, property);
  return value === undefined || value === null ? `is missing; it ${sentence}` : sentence;
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
