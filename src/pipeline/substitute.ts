/** Values for `${NAME}`, such as the environment. */
export type Variables = Readonly<Record<string, string | undefined>>

export interface Substituted {
  readonly text: string
  /** Every variable that was named, whether it is set or not. */
  readonly names: readonly string[]
  /** Whether the text now holds the value of a variable, not just defaults that the file itself gives. */
  readonly hasValue: boolean
  readonly problems: readonly string[]
}

/** Defaults within defaults; nobody goes further, and each level reads its text again. */
const MAX_DEPTH = 8
const OPENING = '${'
const EXPRESSION = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/

/**
 * Puts variables into a text: `${NAME}` is the value of NAME, `${NAME:-default}` is the default where NAME is unset or
 * empty, and `$${` is a plain `${`.
 */
export function substitute(text: string, variables: Variables, depth = 0): Substituted {
  const names: string[] = []
  const problems: string[] = []
  let result = ''
  let hasValue = false
  let at = 0
  for (let open = text.indexOf(OPENING); open >= 0; open = text.indexOf(OPENING, at)) {
    if (open > at && text[open - 1] === '$') {
      result += text.slice(at, open - 1) + OPENING
      at = open + OPENING.length
      continue
    }
    const end = closing(text, open + OPENING.length)
    const match = end < 0 ? null : EXPRESSION.exec(text.slice(open + OPENING.length, end))
    if (match === null || depth > MAX_DEPTH) {
      problems.push('expected ${NAME} or ${NAME:-default}; write $${ for a plain ${')
      break
    }
    const [, name = '', otherwise] = match
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    names.push(name)
    result += text.slice(at, open)
    at = end + 1
    if (value !== undefined && (value !== '' || otherwise === undefined)) {
      result += value
      hasValue = true
    } else if (otherwise === undefined) problems.push(unset(name))
    else {
      const inner = substitute(otherwise, variables, depth + 1)
      names.push(...inner.names)
      problems.push(...inner.problems)
      result += inner.text
      hasValue ||= inner.hasValue
    }
  }
  return { text: result + text.slice(at), names, hasValue, problems }
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
