/** An HTTP relay on loopback that adds headers, and leaves Host and Origin attacks as they are. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function startRelay(
  target: URL,
  headers: Record<string, string>,
): Promise<{ url: string; stop: () => void }> {
  let own = ''
  const server = createServer((incoming, outgoing) => {
    const sent: Record<string, string | string[] | undefined> = { ...incoming.headers, ...headers }
    if (sent['host'] === own) sent['host'] = target.host
    if (sent['origin'] === `http://${own}`) sent['origin'] = target.origin
    delete sent['connection']
    const { hostname: host, port, pathname: path } = target
    const onward = request({ host, port, path, method: incoming.method ?? 'GET', headers: sent }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      outgoing.flushHeaders()
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://${own}${target.pathname}`, stop }
}
