import { authorizer, readToken } from './app/http-token.ts'
import type { App } from './app.ts'
import { log } from './base/index.ts'
import { ClientSession } from './gateway/front.ts'
import { HttpServer, isLoopback, parseAddress } from './gateway/http.ts'
import { sessionDeps } from './serve.ts'

/** `mcplexer serve --http`, until `stopped`. Throws HTTP_ADDRESS_INVALID, HTTP_LISTEN_FAILED or HTTP_TOKEN_UNSAFE. */
export async function serveHttp(app: App, where: string | undefined, stopped: Promise<void>): Promise<number> {
  const address = parseAddress(where)
  readToken(app.paths.httpToken)
  log.neverBlock()
  const deps = sessionDeps(app, process.cwd())
  const server = new HttpServer({
    address,
    authorize: authorizer(app.paths.httpToken),
    openSession: (home) => new ClientSession({ ...deps, home }),
  })
  if (!isLoopback(address.hostname))
    log.warn(`${address.hostname}: open to other machines, the token goes unencrypted`)
  log.info(`listening on ${server.url}`)
  log.info('clients send as bearer token what `mcplexer token show` prints')
  await stopped
  await server.close()
  return 0
}
