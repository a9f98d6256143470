declare module 'njre' {
  /** @returns the folder with the runtime, named `jre`, beside `installPath` */
  export function install(version: number, options: { installPath: string }): Promise<string>;
}
