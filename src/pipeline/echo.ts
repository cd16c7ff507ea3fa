import type * as t from 'io-ts'
import { Document as YamlDocument, Pair, YAMLMap, YAMLSeq, type Node } from 'yaml'
import { notesOf, shapeOf } from './codec-shape.ts'
import type { Definition } from './definition.ts'
import type { Document } from './document.ts'
import { codecAt } from './file-codec.ts'
import { OVERRIDE_FILE } from './overrides.ts'
import { formatPath } from './path.ts'
import { HIDDEN, isSecretName, withoutLogin } from './secrets.ts'
import type { TreeNode } from './tree.ts'

/** What is in effect, as it may be printed. */
export type EchoNode =
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: string, node: EchoNode])[] }
  | { readonly kind: 'list'; readonly items: readonly EchoNode[] }
  /** `from`: `pipelines/exchange.yaml:9`, `profile production, FILE:3`, `--set`, `default`, `environment X, FILE:4`. */
  | { readonly kind: 'leaf'; readonly value: unknown; readonly from: string }

/**
 * All that a definition is made of, in the order of the file, and the defaults of keys that are left out. Secrets, and
 * text from the environment, are given as the file writes them.
 */
export function echoOf({ document, registry }: Definition): EchoNode {
  const operatorOf = (stage: string): unknown => document.valueAt(['stages', stage, 'operator'])
  const visit = (node: TreeNode, path: readonly string[]): EchoNode => {
    const codec = codecAt(path, registry, operatorOf)
    if (Array.isArray(node.value) && node.value.length > 0)
      return { kind: 'list', items: node.value.map((child, index) => visit(child, [...path, String(index)])) }
    if (node.value instanceof Map) {
      const own = [...node.value].map(([key, child]) => [key, visit(child, [...path, key])] as const)
      const entries = [...own, ...defaultsOf(codec, node.value)]
      if (entries.length > 0) return { kind: 'map', entries }
    }
    if (typeof node.value === 'object' && node.value !== null)
      return { kind: 'leaf', value: Array.isArray(node.value) ? [] : {}, from: originOf(node, document) }
    return { kind: 'leaf', ...shown(node, codec, path, document) }
  }
  return visit(document.root, [])
}

/** The effective, redacted definition as YAML that a pipeline file could hold, each value with where it came from. */
export function echoYaml(definition: Definition): string {
  const yaml = new YamlDocument(null)
  const nodeOf = (echo: EchoNode): Node => {
    if (echo.kind === 'leaf') {
      const leaf = yaml.createNode(echo.value) as Node
      leaf.comment = ` ${echo.from}`
      return leaf
    }
    if (echo.kind === 'list') {
      const list = new YAMLSeq()
      for (const item of echo.items) list.items.push(nodeOf(item))
      return list
    }
    const map = new YAMLMap()
    for (const [key, node] of echo.entries) map.items.push(new Pair(yaml.createNode(key), nodeOf(node)))
    return map
  }
  yaml.contents = nodeOf(echoOf(definition)) as never
  return yaml.toString({ lineWidth: 0 })
}

/** The same for programs: what is in effect, and by its path where it came from. */
export function echoJson(definition: Definition): { effective: unknown; from: Record<string, string> } {
  const from: Record<string, string> = {}
  const valueOf = (echo: EchoNode, path: readonly string[]): unknown => {
    if (echo.kind === 'list') return echo.items.map((item, index) => valueOf(item, [...path, String(index)]))
    if (echo.kind === 'map')
      return Object.fromEntries(echo.entries.map(([key, node]) => [key, valueOf(node, [...path, key])]))
    from[formatPath(path)] = echo.from
    return echo.value
  }
  return { effective: valueOf(echoOf(definition), []), from }
}

/** A leaf as it may be printed. */
function shown(
  node: TreeNode,
  codec: t.Mixed | undefined,
  path: readonly string[],
  document: Document,
): { value: unknown; from: string } {
  const place = originOf(node, document)
  const { value, written, sources = [] } = node
  const from = sources.length === 0 ? place : `${sources.join(', ')}, ${place}`
  const isSecret =
    (codec !== undefined && notesOf(codec).isSecret === true) || isSecretName(path.at(-1) ?? '')
  const isFromFile = sources.some((source) => source.startsWith('secret '))
  const isOutside = sources.some((source) => source.startsWith('environment '))
  // What the key takes says whether it can be a secret: a number of orders cannot, a text can.
  const isPlain = typeof value !== 'string' || (codec !== undefined && takesNoText(codec))
  if (isFromFile || isSecret || (isOutside && !isPlain))
    return { value: written ?? (value === null ? null : HIDDEN), from: `${from}, not shown` }
  // What is escaped in the file is shown escaped, so that it reads back as what it is.
  const isEscaped = typeof value === 'string' && value.includes('${')
  const text = isEscaped ? (written ?? value) : value
  return { value: typeof text === 'string' ? withoutLogin(text) : value, from }
}

function takesNoText(codec: t.Mixed): boolean {
  return ['whole', 'number', 'decimal', 'flag', 'words'].includes(shapeOf(codec).kind)
}

function originOf({ place }: TreeNode, document: Document): string {
  if (place.file === OVERRIDE_FILE) return OVERRIDE_FILE
  const label = document.labels.get(place.file) ?? 'file'
  const where = `${place.file}:${place.line}`
  if (label === 'file') return where
  return label === 'include' ? `include ${where}` : `${label}, ${where}`
}

/** Keys that are left out and what stands for them. */
function defaultsOf(
  codec: t.Mixed | undefined,
  entries: ReadonlyMap<string, TreeNode>,
): (readonly [string, EchoNode])[] {
  const shape = codec === undefined ? undefined : shapeOf(codec)
  if (shape?.kind !== 'options') return []
  return Object.entries(shape.optional)
    .filter(([key]) => !entries.has(key))
    .filter(([, inner]) => notesOf(inner).default !== undefined)
    .map(([key, inner]) => [key, { kind: 'leaf', value: notesOf(inner).default, from: 'default' }])
}
