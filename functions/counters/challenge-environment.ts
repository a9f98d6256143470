/** What a deployment knows of its challenge for newcomers, beside the configuration. */
export interface ChallengeEnvironment {
  /** The secret of the site at the provider of a captcha. */
  readonly secret?: string | undefined;
  /** Where the provider verifies, if not at its usual address. */
  readonly url?: string | undefined;
  /** The bits of a proof of work, instead of those that are configured. */
  readonly bits?: number | undefined;
}
