/** The socket door of gateway: only the daemon and those who talk to it load it. */
export {
  askDaemon,
  connectSocket,
  type DaemonStatus,
  joinStdio,
  STATUS,
  STOP,
} from './upstream/socket/client.ts'
export { listenSocket } from './upstream/socket/server.ts'
