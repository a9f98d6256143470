import { once } from 'node:events';
import { connect } from 'node:net';

/** Whether something takes connections at an address. */
export async function isReachable(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
