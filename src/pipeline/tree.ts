import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type Alias,
  type CST,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { isExactNumber } from './exact-number.ts'

/** Where a key or a value stands; line and column from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Something wrong with a value, or with a key of a map. */
export interface Fault {
  readonly message: string
  readonly place: Place
  readonly key?: string
}

export type Leaf = string | number | boolean | null

/** A value that knows where it stands. Aliases are expanded, so every node has one parent. */
export interface TreeNode {
  value: Leaf | Map<string, TreeNode> | TreeNode[]
  readonly place: Place
  /** Where its key stands, if it has one. */
  keyPlace?: Place
  faults?: Fault[]
  /** The text before variables were put in, where they were. */
  written?: string
  /** Which variables and secrets are in the text: `environment NAME`, `--input`, `secret file:PATH`. */
  sources?: readonly string[]
}

export interface ParsedTree {
  readonly root: TreeNode
  /** What makes the text not one document of YAML; the tree is then a guess. */
  readonly syntax: readonly Fault[]
}

/** Deeper than anyone writes, and far from where a recursive reader runs out of stack. */
export const MAX_DEPTH = 100
/** How many values aliases may add to a file. */
export const MAX_EXPANDED = 10_000

/**
 * Reads YAML, and so JSON, with all its errors.
 * @param inline whether to refuse what only stands on lines of its own: block collections and comments
 */
export function parseTree(file: string, text: string, inline = false): ParsedTree {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const tokens = readTokens(text, lines)
  if (typeof tokens === 'number') {
    const place = placeAt(tokens)
    return { root: { value: null, place }, syntax: [{ place, message: TOO_DEEP }] }
  }
  // Duplicate keys are found here: yaml compares every key of a map with every other.
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false })
  const documents = [...composer.compose(tokens, true, text.length)] as Document[]
  const syntax: Fault[] = []
  for (const { message, pos } of documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]))
    syntax.push({
      place: placeAt(pos[0]),
      message: message.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase()),
    })
  // Without a document in the text, compose makes an empty one.
  const [document, second] = documents as [Document, ...Document[]]
  if (second !== undefined)
    syntax.push({ place: placeAt(second.range?.[0] ?? 0), message: 'a second document: a file holds one' })
  if (document.directives?.yaml.version === '1.1')
    syntax.push({ place: placeAt(0), message: 'this is read as YAML 1.2, not 1.1' })
  if (inline && syntax.length === 0 && !isInline(document))
    syntax.push({
      place: placeAt(text.search(/\S/)),
      message: 'expected one value, with a map as {key: value} and any # in quotes',
    })
  const root = new TreeBuilder(document, placeAt).build(
    document.contents,
    placeAt(document.contents?.range?.[0] ?? 0),
    0,
  )
  return { root, syntax }
}

const TOO_DEEP = `nested more than ${MAX_DEPTH} deep`

/** The concrete syntax, or the offset at which it becomes too deep to compose. */
function readTokens(text: string, lines: LineCounter): CST.Token[] | number {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > MAX_DEPTH) return parser.offset
  }
  tokens.push(...parser.end())
  return tokens
}

function isInline({ contents, comment, commentBefore }: Document): boolean {
  if (comment !== null || commentBefore !== null) return false
  if (contents === null) return true
  return (
    (contents.comment ?? contents.commentBefore ?? null) === null &&
    (!isCollection(contents) || contents.flow === true)
  )
}

class TreeBuilder {
  private readonly placeAt: (offset: number) => Place
  private readonly targets: ReadonlyMap<Alias, Node | undefined>
  /** The nodes that are being built, so that an alias to one of them is a ring. */
  private readonly open: Set<Node>
  private aliasDepth: number
  private expanded: number

  constructor(document: Document, placeAt: (offset: number) => Place) {
    this.placeAt = placeAt
    this.targets = aliasTargets(document)
    this.open = new Set()
    this.aliasDepth = 0
    this.expanded = 0
  }

  /** @param place where a value that is not written would stand */
  build(node: Node | null, place: Place, depth: number): TreeNode {
    if (node === null) return { value: null, place }
    const at = this.placeAt(node.range![0])
    if (depth > MAX_DEPTH) return faulty(at, TOO_DEEP)
    if (this.aliasDepth > 0 && this.expanded++ >= MAX_EXPANDED) return { value: null, place: at }
    if (isAlias(node)) return this.buildAlias(node, at, depth)
    if (isScalar(node)) return leaf(node, at)
    this.open.add(node)
    const built = isMap(node) ? this.buildMap(node, at, depth) : this.buildList(node, at, depth)
    this.open.delete(node)
    return built
  }

  private buildAlias(alias: Alias, place: Place, depth: number): TreeNode {
    const target = this.targets.get(alias)
    if (target === undefined) return faulty(place, `there is no &${alias.source} before this`)
    if (this.open.has(target)) return faulty(place, `*${alias.source} is within itself`)
    if (this.expanded > MAX_EXPANDED) return { value: null, place } // told already
    this.aliasDepth++
    const built = this.build(target, place, depth)
    this.aliasDepth--
    if (this.aliasDepth === 0 && this.expanded > MAX_EXPANDED)
      return faulty(place, `aliases expand to more than ${MAX_EXPANDED} values`)
    return { ...built, place }
  }

  private buildList(node: Node, place: Place, depth: number): TreeNode {
    if (!isSeq(node)) return faulty(place, 'expected a value')
    const items = node.items as (Node | null)[]
    return { value: items.map((item) => this.build(item, place, depth + 1)), place }
  }

  private buildMap(map: YAMLMap, place: Place, depth: number): TreeNode {
    const entries = new Map<string, TreeNode>()
    const faults: Fault[] = []
    const merged: TreeNode[] = []
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const keyPlace = pair.key === null ? place : this.placeAt(pair.key.range![0])
      const key = this.keyText(pair.key)
      if (key === undefined) {
        faults.push({ place: keyPlace, message: 'expected a key of plain text' })
        continue
      }
      const value = this.build(pair.value, keyPlace, depth + 1)
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        merged.push(...(Array.isArray(value.value) ? value.value : [value]))
        continue
      }
      value.keyPlace = keyPlace
      const first = entries.get(key)
      if (first === undefined) entries.set(key, value)
      else
        faults.push({ place: keyPlace, key, message: `duplicate key, first on line ${first.keyPlace!.line}` })
    }
    for (const node of merged) merge(node, entries, faults)
    return faults.length > 0 ? { value: entries, place, faults } : { value: entries, place }
  }

  /** A key as it is written, so that `0700` and `NO` stay what they look like. */
  private keyText(node: Node | null): string | undefined {
    const key = isAlias(node) ? this.targets.get(node) : node
    if (!isScalar(key)) return undefined
    if (typeof key.value === 'string') return key.value
    return key.source === undefined || key.source === '' ? undefined : key.source
  }
}

/** Gives a map the keys of another that it has not got itself. */
function merge(
  { value, place, faults: own }: TreeNode,
  entries: Map<string, TreeNode>,
  faults: Fault[],
): void {
  if (own !== undefined) faults.push(...own)
  if (!(value instanceof Map)) {
    if (own === undefined) faults.push({ place, message: 'expected a map to merge' })
    return
  }
  for (const [key, node] of value) if (!entries.has(key)) entries.set(key, node)
}

function leaf(scalar: Scalar, place: Place): TreeNode {
  const { value, source = '' } = scalar
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return { value, place }
  if (typeof value !== 'number') return faulty(place, 'expected text, a number, true, false or null')
  if (isExactNumber(source, value)) return { value: value + 0, place } // + 0 makes -0 plain
  if (!/\d/.test(source)) return faulty(place, `expected a finite number, got ${source}`)
  return faulty(place, 'has more digits than a number holds: write it in quotes')
}

function faulty(place: Place, message: string): TreeNode {
  return { value: null, place, faults: [{ place, message }] }
}

/** What each alias stands for: the latest node before it that has its name. */
function aliasTargets(document: Document): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node | undefined>()
  visit(document, {
    Alias: (_, alias) => void targets.set(alias, anchors.get(alias.source)),
    Value: (_, node) => void (node.anchor !== undefined && anchors.set(node.anchor, node)),
  })
  return targets
}
