/**
 * Replaces `@aws-sdk/credential-provider-node` in the Lambda bundles (an esbuild alias in
 * lib/counter-function.ts). Lambda passes credentials in the environment. The SDK's own chain also
 * looks at profiles, SSO, web identities and instance metadata; that is a third of the SDK's code, and
 * every cold start would read it. Outside Lambda the SDK's own chain is used.
 */
export const defaultProvider = () => async () => lambdaCredentials();

function lambdaCredentials() {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: this bundle is for AWS Lambda',
    );
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
}
