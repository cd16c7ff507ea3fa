import type * as t from 'io-ts'
import { keysOf, notesOf, shapeOf, type Props, type Shape } from './codec-shape.ts'
import { FILE_KEYS, STAGE_CODECS } from './file-codec.ts'
import type { AnyOperator, Registry } from './operator.ts'

/** JSON Schema, draft-07: what the YAML language server of editors reads. */
export type JsonSchema = { readonly [key: string]: unknown }

export interface SchemaOptions {
  /**
   * Whether the schema is for files that are laid over others or included by them: nothing is needed, and null takes
   * out what is below.
   */
  readonly isLayer?: boolean
  /** What keys are for whose codec does not say: by the key with the one above it, or by the key alone. */
  readonly keyNotes?: Readonly<Record<string, string>>
}

const DRAFT = 'http://json-schema.org/draft-07/schema#'
/** A text with `${NAME}` in it may become anything: what it becomes is checked when the file is read. */
const VARIABLE = { type: 'string', pattern: '\\$\\{' } as const
const DECIMAL = '^[-+]?\\d+(\\.\\d+)?$|\\$\\{'

/** The schema of pipeline files whose stages may name these operators. */
export function pipelineSchema(registry: Registry, options: SchemaOptions = {}): JsonSchema {
  const { isLayer = false, keyNotes = {} } = options
  const writer = new SchemaWriter(isLayer, keyNotes)
  const operators = [...registry.values()]
  const file = writer.keys(FILE_KEYS.required, FILE_KEYS.optional)
  const title = isLayer
    ? 'A layer of a Millrace pipeline: a profile, or a file to include'
    : 'A Millrace pipeline'
  const stages = {
    description: 'The operators, in order: a stage takes from the one before it unless it says `inputs`.',
    type: 'array',
    ...(isLayer ? {} : { minItems: 1 }),
    items: { $ref: '#/definitions/stage' },
  }
  return {
    $schema: DRAFT,
    title,
    type: 'object',
    properties: { ...file, stages },
    additionalProperties: false,
    // What is not here may be in a file that is included.
    ...(isLayer ? {} : { anyOf: [{ required: ['name', 'stages'] }, { required: ['include'] }] }),
    definitions: {
      stage: stageSchema(writer, operators, isLayer),
      ...Object.fromEntries(
        operators.map((operator) => [operatorKey(operator), operatorSchema(writer, operator)]),
      ),
    },
  }
}

/** A stage is told by its operator which keys it has; one without changes a stage of an included file. */
function stageSchema(writer: SchemaWriter, operators: readonly AnyOperator[], isLayer: boolean): JsonSchema {
  const names = operators.map(({ name }) => name)
  const keys = writer.keys({}, STAGE_CODECS, 'stage')
  const described = operators
    .map(({ name, description }) => (description === undefined ? name : `${name}: ${description}`))
    .join('\n\n')
  return {
    type: 'object',
    properties: { ...keys, operator: { description: `What the stage does.\n\n${described}`, enum: names } },
    required: isLayer ? ['id'] : ['operator'],
    allOf: operators.map((operator) => ({
      if: { properties: { operator: { const: operator.name } }, required: ['operator'] },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
      then: { $ref: `#/definitions/${operatorKey(operator)}` },
    })),
  }
}

function operatorSchema(writer: SchemaWriter, operator: AnyOperator): JsonSchema {
  const shape = shapeOf(operator.options)
  const own = shape.kind === 'options' ? shape : { required: {}, optional: {} }
  const properties = {
    ...writer.keys(STAGE_CODECS, {}, 'stage'),
    operator: { const: operator.name },
    ...writer.keys(own.required, own.optional, operator.name),
  }
  // Keys of an operator whose codec does not say them are its own affair.
  const isKnown = keysOf(operator.options) !== undefined
  const required = Object.keys(own.required)
  return {
    ...(operator.description === undefined ? {} : { description: operator.description }),
    properties,
    ...(isKnown ? { additionalProperties: false } : {}),
    ...(writer.isLayer || required.length === 0 ? {} : { required }),
  }
}

/** The schema of what a codec takes from a program, which has no variables. */
export function codecSchema(codec: t.Mixed): JsonSchema {
  return new SchemaWriter(false, {}, false).key(codec)
}

class SchemaWriter {
  readonly isLayer: boolean
  /** Whether a text with a variable in it may stand in for a number or a word. */
  private readonly hasVariables: boolean
  private readonly keyNotes: Readonly<Record<string, string>>

  constructor(isLayer: boolean, keyNotes: Readonly<Record<string, string>>, hasVariables = true) {
    this.isLayer = isLayer
    this.hasVariables = hasVariables
    this.keyNotes = keyNotes
  }

  /** @param above the key that these stand under */
  keys(required: Props, optional: Props, above = ''): Record<string, JsonSchema> {
    return Object.fromEntries(
      Object.entries({ ...required, ...optional }).map(([key, codec]) => [key, this.key(codec, key, above)]),
    )
  }

  /** What stands under a key: its codec with what is said of it. */
  key(codec: t.Mixed, key = '', above = ''): JsonSchema {
    const { description: own, default: standard, examples } = notesOf(codec)
    const description = own ?? this.keyNotes[`${above}.${key}`] ?? this.keyNotes[key]
    const schema = this.of(shapeOf(codec), key)
    return {
      ...(description === undefined ? {} : { description }),
      ...(standard === undefined ? {} : { default: standard }),
      ...(examples === undefined ? {} : { examples }),
      ...(this.isLayer ? orElse(schema, { type: 'null' }) : schema),
    }
  }

  private variable(): JsonSchema | undefined {
    return this.hasVariables ? VARIABLE : undefined
  }

  private of(shape: Shape, key: string): JsonSchema {
    switch (shape.kind) {
      case 'any':
        return {}
      case 'whole':
        return orElse({ type: 'integer', ...bounds(shape.min, shape.max) }, this.variable())
      case 'number':
        return orElse({ type: 'number', ...bounds(shape.min, shape.max) }, this.variable())
      case 'decimal': {
        const number = shape.isAboveZero ? { type: 'number', exclusiveMinimum: 0 } : { type: 'number' }
        return orElse(number, { type: 'string', pattern: DECIMAL })
      }
      case 'text':
        return {
          type: 'string',
          ...(shape.pattern === undefined ? { minLength: 1 } : { pattern: shape.pattern }),
        }
      case 'flag':
        return orElse({ type: 'boolean' }, this.variable())
      case 'words':
        return orElse({ enum: shape.words }, this.variable())
      case 'either':
        return { anyOf: shape.of.map((codec) => this.of(shapeOf(codec), key)) }
      default:
        return this.ofMany(shape, key)
    }
  }

  private ofMany(
    shape: Extract<Shape, { kind: 'list' | 'map' | 'options' | 'variant' }>,
    key: string,
  ): JsonSchema {
    switch (shape.kind) {
      case 'list':
        return {
          type: 'array',
          items: this.of(shapeOf(shape.item), key),
          ...(shape.minItems === undefined ? {} : { minItems: shape.minItems }),
        }
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.key(shape.item, '', key),
          propertyNames: { minLength: 1 },
        }
      case 'options': {
        const required = Object.keys(shape.required)
        return {
          type: 'object',
          properties: this.keys(shape.required, shape.optional, key),
          additionalProperties: false,
          ...(this.isLayer || required.length === 0 ? {} : { required }),
        }
      }
      default:
        return this.variant(shape.cases, key)
    }
  }

  /** A map of one key, or the bare word of a key whose settings may all be left out. */
  private variant(cases: Props, key: string): JsonSchema {
    const map = {
      type: 'object',
      properties: this.keys(cases, {}, key),
      additionalProperties: false,
      minProperties: 1,
      ...(this.isLayer ? {} : { maxProperties: 1 }),
    }
    const words = Object.keys(cases).filter((word) => isOptional(shapeOf(cases[word]!)))
    return words.length === 0 ? map : { anyOf: [{ enum: words }, map] }
  }
}

function isOptional(shape: Shape): boolean {
  return shape.kind === 'options' && Object.keys(shape.required).length === 0
}

function orElse(schema: JsonSchema, other: JsonSchema | undefined): JsonSchema {
  if (other === undefined) return schema
  const inner = schema['anyOf']
  return { anyOf: [...(Array.isArray(inner) ? (inner as JsonSchema[]) : [schema]), other] }
}

function bounds(min: number, max: number): JsonSchema {
  return {
    ...(Number.isFinite(min) ? { minimum: min } : {}),
    ...(Number.isFinite(max) ? { maximum: max } : {}),
  }
}

/** Operators and shared parts have names of their own among the definitions. */
function operatorKey({ name }: AnyOperator): string {
  return `operator-${name}`
}
