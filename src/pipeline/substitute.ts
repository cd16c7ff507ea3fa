import * as E from 'fp-ts/lib/Either.js'
import type { SecretText } from './secrets.ts'

/** Values for `${NAME}`, such as the environment. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Gives the secret that a file holds, or says why there is none. */
export type ReadSecret = (path: string) => E.Either<string, SecretText>

export interface Substituted {
  readonly text: string
  /** Every variable that was named, whether it is set or not. */
  readonly names: readonly string[]
  /** Names of the variables whose values are in the text now. */
  readonly used: readonly string[]
  /** Secrets that are in the text now, by what stood in their place. */
  readonly secrets: ReadonlyMap<string, string>
  /** Whether the text now holds the value of a variable or a secret, not just defaults that the file itself gives. */
  readonly hasValue: boolean
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Defaults within defaults; nobody goes further, and each level reads its text again. */
const MAX_DEPTH = 8
const OPENING = '${'
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/
const SECRET_FILE = /^file:(?!-)([^{}]+)$/
const EXPECTED = 'expected ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for a plain ${'

/**
 * Puts variables and secrets into a text: `${NAME}` is the value of NAME, `${NAME:-default}` is the default where NAME
 * is unset or empty, `${file:PATH}` is what a file holds, and `$${` is a plain `${`.
 */
export function substitute(text: string, variables: Variables, readSecret: ReadSecret): Substituted {
  const substitution = new Substitution(variables, readSecret)
  const result = substitution.put(text, 0)
  const { names, used, secrets, problems, warnings } = substitution
  return {
    text: result,
    names,
    used,
    secrets,
    hasValue: used.length > 0 || secrets.size > 0,
    problems,
    warnings,
  }
}

class Substitution {
  readonly names: string[] = []
  readonly used: string[] = []
  readonly secrets = new Map<string, string>()
  readonly problems: string[] = []
  readonly warnings: string[] = []
  private readonly variables: Variables
  private readonly readSecret: ReadSecret

  constructor(variables: Variables, readSecret: ReadSecret) {
    this.variables = variables
    this.readSecret = readSecret
  }

  put(text: string, depth: number): string {
    let result = ''
    let at = 0
    for (let open = text.indexOf(OPENING); open >= 0; open = text.indexOf(OPENING, at)) {
      if (open > at && text[open - 1] === '$') {
        result += text.slice(at, open - 1) + OPENING
        at = open + OPENING.length
        continue
      }
      const end = closing(text, open + OPENING.length)
      const value = end < 0 ? undefined : this.valueOf(text.slice(open + OPENING.length, end), depth)
      if (value === undefined) {
        this.problems.push(EXPECTED)
        break
      }
      result += text.slice(at, open) + value
      at = end + 1
    }
    return result + text.slice(at)
  }

  /** What stands for the expression between the braces; undefined if it is none. */
  private valueOf(expression: string, depth: number): string | undefined {
    if (depth > MAX_DEPTH) return undefined
    const path = SECRET_FILE.exec(expression)?.[1]
    if (path !== undefined) return this.secretOf(path)
    const match = VARIABLE.exec(expression)
    if (match === null) return undefined
    const [, name = '', otherwise] = match
    const value = Object.hasOwn(this.variables, name) ? this.variables[name] : undefined
    this.names.push(name)
    if (value !== undefined && (value !== '' || otherwise === undefined)) {
      this.used.push(name)
      return value
    }
    if (otherwise !== undefined) return this.put(otherwise, depth + 1)
    this.problems.push(unset(name))
    return ''
  }

  private secretOf(path: string): string {
    const read = this.readSecret(path)
    if (E.isLeft(read)) {
      this.problems.push(read.left)
      return ''
    }
    const { value, warning } = read.right
    if (warning !== undefined) this.warnings.push(warning)
    this.secrets.set(`\${file:${path}}`, value)
    return value
  }
}

/** Where the brace closes that was opened just before `from`: a default may hold braces of its own. */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

function unset(name: string): string {
  if (name === 'INPUT') return 'INPUT is not set: pass --input FILE'
  return `${name} is not set: set it in the environment, or write \${${name}:-default}`
}
