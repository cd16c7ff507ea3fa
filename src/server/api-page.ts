import type { Route } from './route.ts'

/** The OpenAPI document as a page for people: every operation with what it takes. Loads nothing, runs nothing. */
export function apiPage(name: string, routes: readonly Route[], document: object): string {
  const { paths } = document as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const tags = [...new Set(routes.map(({ tag }) => tag))]
  const section = (tag: string): string =>
    `<h2>${escape(tag)}</h2>${routes
      .filter((route) => route.tag === tag)
      .map((route) => operation(route, paths[route.path]![route.method.toLowerCase()]!))
      .join('')}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API of ${escape(name)}</title><style>
:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;max-width:860px;margin:24px auto;padding:0 16px}
code,pre{font:13px ui-monospace,monospace}pre{overflow:auto;padding:8px;border:1px solid #8888}
summary{cursor:pointer;padding:4px 0}table{border-collapse:collapse}td{padding:2px 12px 2px 0;vertical-align:top}
</style></head><body><h1>API of ${escape(name)}</h1>
<p>As a document for programs: <a href="/openapi.json">openapi.json</a>. WebSocket is at <code>/ws</code>.</p>
${tags.map(section).join('\n')}
</body></html>
`
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

function operation(route: Route, { parameters = [], requestBody, responses }: Operation): string {
  const rows = parameters.map(
    (one) =>
      `<tr><td><code>${escape(one.name)}</code></td><td>${one.in}${one.required ? ', required' : ''}</td></tr>`,
  )
  const body = requestBody?.content['application/json']?.schema
  const answer = responses['200']?.content['application/json']?.schema
  return `<details><summary><code>${route.method} ${escape(route.path)}</code> ${escape(route.summary)}</summary>
<p>${escape(route.answer)} Needs the role <code>${route.role}</code>.</p><table>${rows.join('')}</table>
${body === undefined ? '' : `<p>Body:</p><pre>${escape(JSON.stringify(body, undefined, 2))}</pre>`}
${answer === undefined ? '' : `<p>Answer:</p><pre>${escape(JSON.stringify(answer, undefined, 2))}</pre>`}</details>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
