import { formatPath, parsePath, type PathSegment } from './path.ts'
import { didYouMean } from './suggest.ts'
import { MAX_DEPTH, parseTree, type Fault, type TreeNode } from './tree.ts'

/** What overridden values are said to be in, in place of a file. */
export const OVERRIDE_FILE = '--set'
/** Keys in one path; what is deeper is no setting. */
const MAX_SEGMENTS = MAX_DEPTH / 2

export interface OverrideFault extends Fault {
  readonly path: readonly string[]
}

/**
 * Puts the value of `path=value` into a tree, with maps on the way where there are none. A stage goes by its id or its
 * index. The value is YAML on one line. A tree is left as it was where there is a fault.
 * @param idOf the id of a stage, if it has one
 */
export function applyOverride(
  root: TreeNode,
  text: string,
  idOf: (stage: TreeNode) => string | undefined,
): OverrideFault[] {
  const parsed = parsePath(text)
  if (parsed === undefined || text[parsed.end] !== '=' || parsed.segments.length > MAX_SEGMENTS)
    return [fault([], 0, 'expected PATH=VALUE, such as stages.risk.limits.maxOrderLots=5')]
  const { segments, end } = parsed
  // Spaces in place of the path put every column where it is in the whole text.
  const value = parseTree(OVERRIDE_FILE, ' '.repeat(end + 1) + text.slice(end + 1), true)
  const path = segments.map(({ name }) => name)
  if (value.syntax.length > 0) return value.syntax.map((found) => ({ ...found, path }))
  let node = root
  for (const [index, segment] of segments.entries()) {
    const above = path.slice(0, index)
    const put = index === segments.length - 1 ? value.root : undefined
    const child = step(node, segment, above, put, idOf)
    if (typeof child === 'string') return [fault(path.slice(0, index + 1), segment.at, child)]
    node = child
  }
  return []
}

/** The child that a segment names, made or replaced by `put`; or what stands in the way. */
function step(
  node: TreeNode,
  { name, at }: PathSegment,
  above: readonly string[],
  put: TreeNode | undefined,
  idOf: (stage: TreeNode) => string | undefined,
): TreeNode | string {
  const { value } = node
  if (Array.isArray(value)) {
    const index = indexOf(value, name, isStages(above) ? idOf : () => undefined)
    if (typeof index === 'string') return index
    if (put !== undefined) value[index] = put
    return value[index]!
  }
  // Only where it is missing altogether: a stage cannot be made by setting one of its keys.
  if (isStages(above)) return noStage(name, [])
  if (value !== null && !(value instanceof Map))
    return `${formatPath(above) || 'the file'} is not a map: nothing can be set in it`
  const place = { file: OVERRIDE_FILE, line: 1, column: at + 1 }
  const entries = value ?? new Map<string, TreeNode>()
  const child = put ?? entries.get(name) ?? { value: null, place, keyPlace: place }
  if (put !== undefined) put.keyPlace = place
  entries.set(name, child)
  node.value = entries
  if (value === null) delete node.faults
  return child
}

function indexOf(
  items: readonly TreeNode[],
  name: string,
  idOf: (stage: TreeNode) => string | undefined,
): number | string {
  const ids = items.map(idOf)
  const byId = ids.indexOf(name)
  if (byId >= 0) return byId
  if (/^\d{1,9}$/.test(name) && Number(name) < items.length) return Number(name)
  const known = ids.filter((id) => id !== undefined)
  if (known.length > 0) return noStage(name, known)
  return items.length === 0 ? 'the list is empty' : `expected an index from 0 to ${items.length - 1}`
}

function noStage(name: string, known: readonly string[]): string {
  return `no stage has the id ${JSON.stringify(name)}${didYouMean(name, known)}`
}

function isStages(path: readonly string[]): boolean {
  return path.length === 1 && path[0] === 'stages'
}

function fault(path: readonly string[], at: number, message: string): OverrideFault {
  return { path, message, place: { file: OVERRIDE_FILE, line: 1, column: at + 1 } }
}
