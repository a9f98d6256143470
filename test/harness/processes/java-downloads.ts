/** Stands in for the servers of Eclipse Temurin, with a runtime that passes on to this machine's Java. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava } from '../../../bin/setup/find-java.mjs';
import { thisMachine } from '../../../bin/setup/machine.mjs';

/** What the archive is answered with. */
export type Download = 'in two halves' | 'refused' | 'damaged';

export interface JavaDownloads {
  readonly url: string;
  /** How often the archive was asked for. */
  archives: number;
  /** The bytes that are held back are sent. */
  sendRest(): void;
  stop(): void;
}

const release = 'jdk-21.0.5+11-jre';
/** Random, so that it stays as large in the archive: enough for a line of progress. */
const ballastBytes = 12_000_000;

export async function startJavaDownloads(download: Download): Promise<JavaDownloads> {
  const archive = packRuntime();
  const checksum = createHash('sha256').update(archive).digest('hex');
  const unfinished: ServerResponse[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (download === 'refused') return response.writeHead(403).end();
    if (url.startsWith('/v3/binary/latest/21/ga/')) {
      return response.writeHead(307, { location: 'https://github.com/a/OpenJDK21U.tar.gz' }).end();
    }
    if (url.endsWith('.sha256.txt')) return response.end(`${checksum}  OpenJDK21U.tar.gz\n`);
    downloads.archives += 1;
    if (download === 'damaged') return response.end(archive.subarray(1));
    response.write(archive.subarray(0, archive.length / 2));
    return unfinished.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const downloads: JavaDownloads = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    archives: 0,
    sendRest() {
      for (const it of unfinished.splice(0)) it.end(archive.subarray(archive.length / 2));
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return downloads;
}

function packRuntime(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'tally-java-'));
  const home = process.platform === 'darwin' ? `${release}/Contents/Home` : release;
  mkdirSync(join(folder, home, 'bin'), { recursive: true });
  const java = join(folder, home, 'bin', 'java');
  writeFileSync(java, `#!/bin/sh\n${javaOfThisMachine()} "$@"\n`);
  chmodSync(java, 0o755);
  writeFileSync(join(folder, home, 'ballast'), randomBytes(ballastBytes));
  execFileSync('tar', ['czf', 'runtime.tar.gz', release], { cwd: folder });
  const archive = readFileSync(join(folder, 'runtime.tar.gz'));
  rmSync(folder, { recursive: true });
  return archive;
}

function javaOfThisMachine(): string {
  const { home } = findJava(thisMachine());
  return home === undefined
    ? `PATH='${process.env.PATH}' exec java`
    : `exec '${join(home, 'bin', 'java')}'`;
}
