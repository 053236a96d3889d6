import { isMcplexerError, log, McplexerError, resolvePaths } from './base/index.ts'
import { ClientSession, type HttpServer, listenHttp, loadToken, type Outlet } from './gateway/index.ts'
import { openService, stopSignal } from './serve.ts'

/** `mcplexer serve --http`: MCP over Streamable HTTP until a signal ends it. `address`: HOST:PORT, HOST or PORT. */
export async function serveHttp(configPath: string | undefined, address: string): Promise<number> {
  const paths = resolvePaths(configPath)
  const { app, depsFor } = await openService(configPath)
  const deps = depsFor(process.cwd())
  const token = loadToken(paths.httpToken)
  try {
    const openSession = (home: Outlet) => new ClientSession({ ...deps, home })
    const server = listen({ ...parseAddress(address), token, openSession })
    log.info(`serving MCP on ${server.url}; clients need the token that \`mcplexer token show\` prints`)
    await stopSignal()
    await server.close()
    return 0
  } catch (error) {
    log.error(isMcplexerError(error) ? error.message : 'serve ended unexpectedly')
    if (isMcplexerError(error) && error.hint !== undefined) log.info(`hint: ${error.hint}`)
    return 1
  } finally {
    await app.close()
  }
}

/** Throws HTTP_ADDRESS_INVALID. */
function parseAddress(address: string): { host: string; port: number } {
  const [, host = '127.0.0.1', port = '3333'] =
    /^(?:(\[[^\]]+\]|[^:]*[^:\d][^:]*|\d+(?:\.\d+){3}))?:?(\d*)$/.exec(address) ?? []
  const number = Number(port || 3333)
  if (!/^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)$/i.test(host) || number > 65535 || /[^\d\w.:[\]-]/.test(address)) {
    throw new McplexerError('HTTP_ADDRESS_INVALID', `${address} is no address to listen on`, {
      hint: 'mcplexer serve --http 127.0.0.1:3333',
    })
  }
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host))
    log.warn(`${host} can be reached from other machines; only the token keeps them out`)
  return { host, port: number }
}

function listen(options: Parameters<typeof listenHttp>[0]): HttpServer {
  try {
    return listenHttp(options)
  } catch (cause) {
    throw new McplexerError('HTTP_ADDRESS_TAKEN', `${options.host}:${options.port} cannot be listened on`, {
      hint: 'choose another port: mcplexer serve --http 127.0.0.1:3334',
      cause,
    })
  }
}
