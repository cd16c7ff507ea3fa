import type * as t from 'io-ts'

/** What a codec takes, as data: enough for a JSON Schema, for completion and for telling which keys are a choice. */
export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'decimal'; readonly isAboveZero: boolean }
  | { readonly kind: 'text'; readonly pattern?: string | undefined }
  | { readonly kind: 'flag' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly item: t.Mixed; readonly minItems?: number | undefined }
  | { readonly kind: 'map'; readonly item: t.Mixed }
  | { readonly kind: 'options'; readonly required: Props; readonly optional: Props }
  | { readonly kind: 'variant'; readonly cases: Props }
  /** Whatever one of several codecs takes. */
  | { readonly kind: 'either'; readonly of: readonly t.Mixed[] }

export type Props = Readonly<Record<string, t.Mixed>>

/** What a codec says to people about the key that it reads. */
export interface Notes {
  /** One or two sentences, in Markdown at most `code`. */
  readonly description?: string | undefined
  /** What stands in for the key where it is left out. */
  readonly default?: unknown
  readonly examples?: readonly unknown[] | undefined
  /** Whether what it reads must never be printed. */
  readonly isSecret?: boolean | undefined
}

/** The shape of any codec: of one of ours as it says, of io-ts's own as far as it can be seen, else `any`. */
export function shapeOf(codec: t.Mixed): Shape {
  if ('shape' in codec) return codec.shape as Shape
  const { _tag, props, types, type, codomain } = codec as t.Mixed & IoTsParts
  switch (_tag) {
    case 'StringType':
      return { kind: 'text' }
    case 'NumberType':
      return { kind: 'number', min: -Infinity, max: Infinity }
    case 'BooleanType':
      return { kind: 'flag' }
    case 'KeyofType':
      return { kind: 'words', words: Object.keys((codec as t.KeyofType<Record<string, unknown>>).keys) }
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return { kind: 'list', item: type! }
    case 'DictionaryType':
      return { kind: 'map', item: codomain! }
    case 'InterfaceType':
      return { kind: 'options', required: props!, optional: {} }
    case 'PartialType':
      return { kind: 'options', required: {}, optional: props! }
    case 'ExactType':
    case 'ReadonlyType':
    case 'RefinementType':
      return shapeOf(type!)
    case 'UnionType':
      return { kind: 'either', of: types! }
    case 'IntersectionType':
      return intersected(types!.map(shapeOf))
    default:
      return { kind: 'any' }
  }
}

export function notesOf(codec: t.Mixed): Notes {
  return 'notes' in codec ? (codec.notes as Notes) : {}
}

/** The keys that a codec of a map takes; undefined where it is not known. */
export function keysOf(codec: t.Mixed): readonly string[] | undefined {
  const shape = shapeOf(codec)
  if (shape.kind !== 'options') return undefined
  return [...Object.keys(shape.required), ...Object.keys(shape.optional)]
}

/** The codec of what stands under a key (or index) of what another codec reads. */
export function codecUnder(codec: t.Mixed, key: string): t.Mixed | undefined {
  const shape = shapeOf(codec)
  switch (shape.kind) {
    case 'options':
      return own(shape.required, key) ?? own(shape.optional, key)
    case 'variant':
      return own(shape.cases, key)
    case 'map':
    case 'list':
      return shape.item
    case 'either':
      return shape.of.map((one) => codecUnder(one, key)).find((found) => found !== undefined)
    default:
      return undefined
  }
}

/** What io-ts's own types are made of. */
interface IoTsParts {
  readonly _tag?: string
  readonly props?: Props
  readonly types?: readonly t.Mixed[]
  readonly type?: t.Mixed
  readonly codomain?: t.Mixed
}

function own(props: Props, key: string): t.Mixed | undefined {
  return Object.hasOwn(props, key) ? props[key] : undefined
}

function intersected(shapes: readonly Shape[]): Shape {
  const maps = shapes.filter((shape) => shape.kind === 'options')
  if (maps.length < shapes.length) return { kind: 'any' }
  return {
    kind: 'options',
    required: Object.assign({}, ...maps.map(({ required }) => required)) as Props,
    optional: Object.assign({}, ...maps.map(({ optional }) => optional)) as Props,
  }
}
