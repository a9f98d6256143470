import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

/**
 * Counts what a run came to, for its closing line `N passed, N failed`. Whatever keeps tests from
 * running counts as failed too: a file that does not load, a hook that throws, an unhandled error.
 * Counted while the run goes on, so that a run cut short still closes with what it had reached.
 */
export class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state === 'passed') this.#passed += 1;
    if (state === 'failed') this.#failed += 1;
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#failed += 1;
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#failed += 1;
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#failed += unhandledErrors.length;
  }

  /** @param exitCode what the run ends with: one that did not succeed never reads `0 failed` */
  text(exitCode: number): string {
    const failed = exitCode === 0 ? this.#failed : Math.max(this.#failed, 1);
    return `${this.#passed} passed, ${failed} failed`;
  }
}
