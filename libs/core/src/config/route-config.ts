import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, IsBoolean, IsIn, IsNumber, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import type { JsonValue } from '../json.js';
import { SLUG, SLUG_HELP } from './slug.js';

/** The checks of the rules over leads, without their codes. */
export const ROUTE_CHECKS = ['present', 'filled', 'equals', 'in', 'matches', 'between'] as const;

/** A condition on the normalised lead. Unlike a rule it never holds where nothing is there to be compared: no field, null or "". */
export class RouteCondition {
  /** Dot paths; the first that is present is judged. */
  @IsArray() @ArrayNotEmpty() @IsString({ each: true }) field!: string[];
  @IsIn(ROUTE_CHECKS) check!: (typeof ROUTE_CHECKS)[number];
  @IsOptional() @IsString() pattern?: string;
  @IsOptional() value?: JsonValue;
  @IsOptional() @IsArray() @ArrayNotEmpty() values?: JsonValue[];
  @IsOptional() @IsNumber() min?: number;
  @IsOptional() @IsNumber() max?: number;
}

/** Which leads go where. Every route whose conditions all hold adds its destinations; a lead that no route takes is kept. */
export class RouteConfig {
  /** How the journey calls it; `routes[0]` unless told. */
  @IsOptional() @Matches(SLUG, SLUG_HELP) name?: string;
  /** All of them must hold; an empty list takes every lead. */
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => RouteCondition) when?: RouteCondition[];
  /** In place of `when`: takes the leads that no other route takes. */
  @IsOptional() @IsBoolean() otherwise?: boolean;
  /** Names of destinations. */
  @IsArray() @ArrayNotEmpty() @IsString({ each: true }) to!: string[];
}
