import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { SLUG, SLUG_HELP } from './slug.js';

/** What a mapped field may take from the gateway itself; `attributes` is the object of the valid attributes, `{}` when there are none. */
export const MAPPED_FACTS = ['lead_id', 'received_at', 'attributes'] as const;
export type MappedFact = (typeof MAPPED_FACTS)[number];

/** One field of the customer's body: where it goes and where it comes from. Exactly one of `from`, `value`, `fact`. */
export class MappedField {
  /** Dot path in the customer's body, e.g. `lead.phone`. The body's members stand in the order in which the fields first name them. */
  @IsString() @MinLength(1) target!: string;
  /** Dot paths in the normalised lead; the first that is present and not "". */
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString({ each: true }) from?: string[];
  /** A constant; "" counts as missing, so that an unset reference can be noticed. */
  @IsOptional() @IsString() value?: string;
  /** Something the gateway knows itself. */
  @IsOptional() @IsIn(MAPPED_FACTS) fact?: MappedFact;
  /** Used when `from` finds nothing. */
  @IsOptional() @IsString() default?: string;
  /** `text` (numbers become their digits), `true_false` (booleans become "true" | "false"), `country` (ISO code, small letters). Absent: as it is. */
  @IsOptional() @IsIn(['text', 'true_false', 'country']) as?: 'text' | 'true_false' | 'country';
  /** A value outside this list is left out and listed. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString({ each: true }) one_of?: string[];
  /** The name that stands in `Missing required field: <name>`; a field with one is required. */
  @IsOptional() @IsString() @MinLength(1) required_as?: string;
}

export const ATTRIBUTE_TYPES = ['text', 'dropdown', 'range'] as const;
/** What the customer's API accepts for one attribute. The names are those of the customer's own rule file. */
export class AttributeRule {
  @IsIn(ATTRIBUTE_TYPES) attribute_type!: (typeof ATTRIBUTE_TYPES)[number];
  /** text: the value must be a finite decimal number, as text or as a JSON number. A range is numeric anyway. */
  @IsOptional() @IsBoolean() is_numeric?: boolean;
  /** null or empty: any value. */
  @IsOptional() @IsArray() @IsString({ each: true }) values?: string[] | null;
  /** Smallest value; 0 for a range unless told. */
  @IsOptional() @IsNumber() min?: number;
  @IsOptional() @IsNumber() max?: number;
}

export class AttributesConfig {
  /** File with the rules (JSON or YAML: name → rule) next to this one; read when the configuration is imported and stored with the version. */
  @IsOptional() @IsString() @MinLength(1) file?: string;
  /** The rules themselves: name → rule. */
  @IsOptional() @IsObject() rules?: Record<string, AttributeRule>;
  /** Attribute name → the label under which a form asks for it. They belong to the form, not to the customer's rules. */
  @IsOptional() @IsObject() labels?: Record<string, string>;
  /** The object whose members are form labels; default `questions`. */
  @IsOptional() @IsString() @MinLength(1) questions?: string;
}

/** How a normalised lead becomes the body a destination receives. */
export class MappingConfig {
  @Matches(SLUG, SLUG_HELP)
  name!: string;
  @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => MappedField) fields!: MappedField[];
  @IsOptional() @IsObject() @ValidateNested() @Type(() => AttributesConfig) attributes?: AttributesConfig;
}
