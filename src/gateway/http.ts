/** The HTTP door of gateway: only `serve --http` loads it. */
export { isLoopback, parseAddress } from './upstream/http/address.ts'
export { HttpServer } from './upstream/http/server.ts'
