/** How a path of keys is written: `stages.risk.limits`, with quotes around a key that has a dot of its own. */

/** What a stage may be called. */
export const STAGE_ID = /^[a-z][a-z0-9-]*$/i

export interface PathSegment {
  readonly name: string
  /** Where it begins in the text, from 0. */
  readonly at: number
}

export interface ParsedPath {
  readonly segments: readonly PathSegment[]
  /** Where the text goes on after the path. */
  readonly end: number
}

const SEGMENT = /\s*(?:"((?:[^"\\]|\\.)*)"|([^".=]*[^".=\s]))\s*/y

/** Reads a path up to the first `=` or the end of the text; undefined if there is none. */
export function parsePath(text: string): ParsedPath | undefined {
  const segments: PathSegment[] = []
  let at = 0
  for (;;) {
    SEGMENT.lastIndex = at
    const match = SEGMENT.exec(text)
    if (match === null) return undefined
    const name = match[1] === undefined ? match[2] : unquote(match[1])
    if (name === undefined) return undefined
    segments.push({ name, at: at + match[0].search(/\S/) })
    at += match[0].length
    if (text[at] !== '.') return { segments, end: at }
    at++
  }
}

export function formatPath(path: readonly string[]): string {
  return path.map((name) => (/^[^\s".=]+$/.test(name) ? name : JSON.stringify(name))).join('.')
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
