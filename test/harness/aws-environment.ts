/** Loaded before every test file: no test may find the developer's own AWS account. */
import { engineAccess } from './engine/test-engine.ts';

process.env.AWS_REGION = engineAccess.region;
process.env.AWS_ACCESS_KEY_ID = engineAccess.credentials.accessKeyId;
process.env.AWS_SECRET_ACCESS_KEY = engineAccess.credentials.secretAccessKey;
delete process.env.AWS_SESSION_TOKEN;
delete process.env.AWS_PROFILE;
