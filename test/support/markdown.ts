import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './cli.ts'

/** A fenced block of a Markdown file. */
export interface Fence {
  readonly file: string
  readonly line: number
  readonly language: string
  readonly text: string
}

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.bench'])

/** Every Markdown file of the repository, by its path from the root. */
export function markdownFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : markdownFiles(path)
    return entry.name.endsWith('.md') ? [relative(root, path)] : []
  })
}

export function readText(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function fencesOf(file: string): Fence[] {
  const fences: Fence[] = []
  let open: { line: number; language: string; lines: string[] } | undefined
  for (const [index, line] of readText(file).split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { line: index + 1, language: fence[1]!, lines: [] }
    else {
      fences.push({ file, line: open.line, language: open.language, text: open.lines.join('\n') })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line} is a block without an end`)
  return fences
}

/** The text without its fenced blocks and its code. */
export function proseOf(file: string): string {
  return readText(file)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '')
}

/** What a link may name behind `#`: headings as GitHub spells them. */
export function anchorsOf(file: string): Set<string> {
  const headings = readText(file)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .matchAll(/^#+ +(.+)$/gm)
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading!
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  )
}

/** The commands of a shell block, each as its words: comments gone, cut at `&&`, `|` and `;`. */
export function commandsOf({ text }: Fence): string[][] {
  const commands: string[][] = []
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    let words: string[] = []
    for (const [, word] of line.matchAll(/('[^']*'|"[^"]*"|#.*|&&|[|;]|[^\s|;#]+)/g)) {
      if (word!.startsWith('#')) break
      if (word !== '&&' && word !== '|' && word !== ';') words.push(word!.replace(/^(['"])(.*)\1$/, '$2'))
      else {
        commands.push(words)
        words = []
      }
    }
    if (words.length > 0) commands.push(words)
  }
  return commands
}
