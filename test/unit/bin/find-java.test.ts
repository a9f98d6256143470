import { expect, test } from 'vitest';
import { findJava } from '../../../bin/setup/find-java.mjs';
import { otherMachine } from '../../harness/processes/other-machine.ts';

const says = (version: string) => `openjdk version "${version}" 2025-04-15\nOpenJDK Runtime …`;

test('the Java of JAVA_HOME is taken before the one on the PATH', () => {
  const machine = otherMachine({
    env: { JAVA_HOME: '/opt/jdk' },
    programs: { '/opt/jdk/bin/java': says('21.0.5'), java: says('17.0.15') },
  });
  expect(findJava(machine)).toMatchObject({ found: true, home: '/opt/jdk' });
});

test.each([
  ['does not run', undefined],
  ['is too old', says('11.0.2')],
])('a JAVA_HOME whose Java %s is passed over', (_, said) => {
  const machine = otherMachine({
    env: { JAVA_HOME: '/opt/jdk' },
    programs: { ...(said ? { '/opt/jdk/bin/java': said } : {}), java: says('17') },
  });
  expect(findJava(machine)).toMatchObject({ found: true, home: undefined });
});

test.each([
  ['linux', {}, '/home/ana/.cache/tally/java-21', '/jdk-21-jre'],
  ['linux', { XDG_CACHE_HOME: '/big' }, '/big/tally/java-21', '/jdk-21-jre'],
  ['darwin', {}, '/home/ana/Library/Caches/tally/java-21', '/jdk-21-jre/Contents/Home'],
] as const)(
  'one fetched earlier is taken from the cache of %s %o',
  (platform, env, folder, home) => {
    const machine = otherMachine({
      platform,
      env,
      folders: { [folder]: ['jdk-21-jre'] },
      programs: { [`${folder}${home}/bin/java`]: says('21.0.5') },
    });
    expect(findJava(machine)).toMatchObject({ found: true, home: `${folder}${home}` });
  },
);

test('one fetched earlier is taken from the cache of Windows', () => {
  const folder = 'D:\\Local\\tally\\cache\\java-21';
  const machine = otherMachine({
    platform: 'win32',
    env: { LOCALAPPDATA: 'D:\\Local' },
    folders: { [folder]: ['jdk-21-jre'] },
    programs: { [`${folder}\\jdk-21-jre\\bin\\java`]: says('21.0.5') },
  });
  expect(findJava(machine)).toMatchObject({ found: true, home: `${folder}\\jdk-21-jre` });
});

test('where there is none, it tells each place and what is there', () => {
  const machine = otherMachine({
    env: { JAVA_HOME: '/opt/jdk' },
    programs: { '/opt/jdk/bin/java': says('1.8.0_392') },
  });
  expect(findJava(machine)).toEqual({
    found: false,
    home: undefined,
    lookedAt: [
      'JAVA_HOME (/opt/jdk): Java 1',
      'the PATH: no Java that runs',
      '/home/ana/.cache/tally/java-21: nothing',
    ],
  });
  expect(findJava(otherMachine()).lookedAt[0]).toBe('JAVA_HOME: not set');
});
