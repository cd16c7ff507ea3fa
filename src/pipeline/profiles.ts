import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { didYouMean } from './suggest.ts'

/** Profiles that come with the program, for pipelines that have none of their own of that name. */
const SHIPPED = fileURLToPath(new URL('../../pipelines/profiles/', import.meta.url))
const EXTENSIONS = ['.yaml', '.yml', '.json']
const PROFILE_NAME = /^[a-z][a-z0-9-]*$/i

/** What problems with the name of a profile are said to be in, in place of a file. */
export const PROFILE_OPTION = '--profile'

/**
 * The files of a profile, the one that counts most last: `profiles/NAME.yaml` beside the pipeline file (or, where there
 * is none, the one that comes with the program), and `FILE.NAME.yaml` for that one pipeline.
 * @returns the files, at least one; or a message that says where it was looked for
 */
export function profileFiles(file: string, name: string): readonly string[] | string {
  if (!PROFILE_NAME.test(name))
    return 'expected the name of a profile: a letter, then letters, digits and dashes'
  const folder = dirname(file)
  const stem = join(folder, `${basename(file, extname(file))}.${name}`)
  const shared = join(folder, 'profiles', name)
  const found = [found1(shared) ?? found1(join(SHIPPED, name)), found1(stem)].filter(
    (path) => path !== undefined,
  )
  if (found.length > 0) return found
  const known = namesIn(join(folder, 'profiles')).concat(namesIn(SHIPPED))
  const unique = [...new Set(known)].sort()
  return `no profile ${JSON.stringify(name)}: neither ${shared}.yaml nor ${stem}.yaml is there${didYouMean(name, unique)}; there are ${unique.join(', ')}`
}

function found1(stem: string): string | undefined {
  const path = EXTENSIONS.map((extension) => stem + extension).find((candidate) => existsSync(candidate))
  if (path === undefined || !path.startsWith(SHIPPED)) return path
  const near = relative('', path)
  return near.startsWith('..') ? path : near
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => EXTENSIONS.includes(extname(name)))
    .map((name) => basename(name, extname(name)))
}
