import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';

/** One field of the customer's body: where it goes and where it comes from. Exactly one of `from`, `value`, `fact`. */
export class MappedField {
  /** Dot path in the customer's body, e.g. `lead.phone`. */
  @IsString() @MinLength(1) target!: string;
  /** Dot paths in the normalised lead; the first that is present and not empty. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString({ each: true }) from?: string[];
  /** A constant. */
  @IsOptional() @IsString() value?: string;
  /** Something the gateway knows itself. */
  @IsOptional() @IsIn(['lead_id', 'received_at']) fact?: 'lead_id' | 'received_at';
  /** Used when `from` finds nothing. */
  @IsOptional() @IsString() default?: string;
  /** `text` (numbers become their digits), `true_false` (booleans become "true" | "false"), `country` (ISO code, small letters). */
  @IsOptional() @IsIn(['text', 'true_false', 'country']) as?: 'text' | 'true_false' | 'country';
  /** A value outside this list is left out and listed (or replaced by `default`). */
  @IsOptional() @IsArray() @IsString({ each: true }) one_of?: string[];
  /** The name that stands in `Missing required field: <name>`; a field with one is required. */
  @IsOptional() @IsString() required_as?: string;
}

/** What the customer's API accepts for one attribute. The names are those of the customer's own rule file. */
export class AttributeRule {
  @IsIn(['text', 'dropdown', 'range']) attribute_type!: 'text' | 'dropdown' | 'range';
  @IsOptional() @IsBoolean() is_numeric?: boolean;
  /** null or empty: any value. */
  @IsOptional() @IsArray() @IsString({ each: true }) values?: string[] | null;
  @IsOptional() @IsNumber() min?: number;
  @IsOptional() @IsNumber() max?: number;
  /** The label under which a form asks for it: looked up in `questions`. */
  @IsOptional() @IsString() label?: string;
}

export class AttributesConfig {
  /** Dot path of the object that receives the attributes, e.g. `lead_attributes`. */
  @IsString() @MinLength(1) target!: string;
  /** File with the rules (JSON: name → rule) next to this one; read when the configuration is imported and stored with the version. */
  @IsOptional() @IsString() file?: string;
  /** The rules themselves: name → rule. */
  @IsOptional() rules?: Record<string, AttributeRule>;
  /** The object whose members are form labels; default `questions`. */
  @IsOptional() @IsString() questions?: string;
}

/** How a normalised lead becomes the body a destination receives. */
export class MappingConfig {
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/) name!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => MappedField) fields!: MappedField[];
  @IsOptional() @IsDefined() @ValidateNested() @Type(() => AttributesConfig) attributes?: AttributesConfig;
}
