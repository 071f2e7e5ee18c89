// Servers of the host that remember whether anybody came.
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';

/** A TCP server. */
export async function tcpServer(t, address) {
  const server = net.createServer();
  const seen = [];
  server.on('connection', (socket) => {
    seen.push(socket.remoteAddress);
    socket.on('error', () => {}).resume();
    sockets.add(socket);
  });
  const sockets = new Set();
  server.listen(0, address);
  await once(server, 'listening');
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { port: server.address().port, seen };
}

/** A UDP server. */
export async function udpServer(t, address) {
  const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
  const seen = [];
  socket.on('message', (message) => seen.push(message.toString()));
  socket.bind(0, address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { port: socket.address().port, seen };
}

/** The addresses of this machine that a program can be told by themselves, both loopbacks among them. */
export function ownAddresses() {
  return Object.values(os.networkInterfaces()).flat().filter(({ scopeid }) => !scopeid).map(({ address }) => address);
}
