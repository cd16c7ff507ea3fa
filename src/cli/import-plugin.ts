import * as nodeModule from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a plugin may import by the name of the package, whether or not it is installed where the plugin lies. */
const ENTRIES: Readonly<Record<string, string>> = {
  millrace: 'index',
  'millrace/operators': 'operators/index',
  'millrace/book': 'book/index',
  'millrace/testing': 'testing/index',
}
/** Packages that come along with this one: a plugin that has none of its own gets these. */
const SHARED = /^(?:rxjs|fp-ts|io-ts)(?:\/|$)/

let isHooked = false

/**
 * Loads a plugin. By the name of the package it gets the very modules that run it, from the sources as from a build: two
 * copies would not know one another's islands.
 */
export function importPlugin(url: string): Promise<object> {
  if (!isHooked) hook()
  isHooked = true
  return import(url) as Promise<object>
}

function hook(): void {
  const extension = extname(fileURLToPath(import.meta.url))
  // Node.js before 22.15 has none: there a plugin finds the package as any module does.
  nodeModule.registerHooks?.({
    resolve(specifier, context, next) {
      const entry = ENTRIES[specifier]
      if (entry !== undefined) return next(new URL(`../${entry}${extension}`, import.meta.url).href, context)
      if (!SHARED.test(specifier)) return next(specifier, context)
      try {
        return next(specifier, context)
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
